//! What is noted in the audit log.

/// Whose affairs an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditKind {
    /// The pool is administered.
    Administrative,
    /// A user changes the own account.
    Own,
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $case:ident = $name:literal,)*) => {
        /// An act that matters to the safety of the pool and its accounts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AuditAction {
            $($(#[doc = $doc])* $case,)*
        }

        impl AuditAction {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The name under which it is stored, and which stays.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $name,)*
                }
            }
        }
    };
}

actions! {
    /// A low-fee ticket is voted from now on.
    TicketAdd = "ticket.add",
    /// An added ticket is ignored again.
    TicketRemove = "ticket.remove",
    /// The operator knows and wants an address that is no user's, so that it is no problem any more.
    UnknownAcknowledge = "unknown.acknowledge",
    /// An acknowledged address is a problem again.
    UnknownAlarm = "unknown.alarm",
    /// Key indexes that were guessed for an address that is no user's may be given to others.
    UnknownRelease = "unknown.release",
    /// Another fee or cold wallet is announced.
    TermsAnnounce = "terms.announce",
    /// Announced terms are taken back.
    TermsRevoke = "terms.revoke",
    /// The configuration has another fee or cold wallet, which hold from now on.
    TermsConfigured = "terms.configured",
    /// No new tickets of wallets of today are taken.
    VspClose = "vsp.close",
    /// They are taken again.
    VspOpen = "vsp.open",
    /// A key for the fees of wallets of today gives no more addresses.
    VspKeyRetire = "vsp.key.retire",
    /// A notice to the users is made.
    NoticeAdd = "notice.add",
    /// A notice to the users is taken back.
    NoticeRemove = "notice.remove",
    /// An invitation to sign up is made.
    InvitationCreate = "invitation.create",
    /// An invitation to sign up is ended.
    InvitationRevoke = "invitation.revoke",
    /// A user is made at the command line.
    UserCreate = "user.create",
    /// A user may not sign in any more.
    UserDisable = "user.disable",
    /// A disabled user may sign in again.
    UserEnable = "user.enable",
    /// A user is signed out everywhere by an administrator.
    UserEndSessions = "user.end_sessions",
    /// A user is sent the link for verification again.
    UserResendVerification = "user.resend_verification",
    /// An account whose e-mail address was never verified is removed.
    UserExpire = "user.expire",
    /// A user who is locked out gets a new password at the command line.
    UserPassword = "user.password",
    /// A user's second factor is taken away by the operator.
    UserFactorOff = "user.factor.off",
    /// A user's API key is shown to the operator.
    UserApiKeyShow = "user.api_key.show",
    /// A user's API key is renewed by the operator.
    UserApiKeyRenew = "user.api_key.renew",
    /// The database is copied.
    DatabaseBackup = "database.backup",
    /// A backup took the database's place.
    DatabaseRestore = "database.restore",
    /// Tickets were taken over from the predecessor's server for wallets of today.
    VspImport = "vsp.import",
    /// A user signs up.
    AccountCreate = "account.create",
    /// A user verifies the e-mail address.
    AccountVerify = "account.verify",
    /// A user asks for another e-mail address.
    AccountEmailAsk = "account.email.ask",
    /// A user has another e-mail address.
    AccountEmail = "account.email",
    /// A user sets another password.
    AccountPassword = "account.password",
    /// Somebody has a link mailed to a user, for another password.
    AccountResetAsk = "account.reset.ask",
    /// A user sets another password by a link from a mail.
    AccountReset = "account.reset",
    /// A user sets up a second factor.
    AccountFactorOn = "account.factor.on",
    /// A user removes the second factor.
    AccountFactorOff = "account.factor.off",
    /// A user makes new recovery codes.
    AccountFactorCodes = "account.factor.codes",
    /// A user signs in with a recovery code.
    AccountRecovery = "account.recovery",
    /// A user has the API key shown.
    AccountApiKeyShow = "account.api_key.show",
    /// A user's API key is used from a network from which it was not used before.
    AccountApiKeyNetwork = "account.api_key.network",
    /// A user makes a new API key.
    AccountApiKeyRenew = "account.api_key.renew",
    /// A user revokes the API key.
    AccountApiKeyRevoke = "account.api_key.revoke",
    /// A user ends one of the own sessions.
    AccountSessionEnd = "account.session.end",
    /// A user ends all other sessions of the own.
    AccountSessionEndAll = "account.session.end_all",
    /// A user chooses what is mailed.
    AccountMails = "account.mails",
    /// A user claims a ticket of a wallet of today.
    AccountTicketClaim = "account.ticket.claim",
    /// A user takes back such a claim.
    AccountTicketRelease = "account.ticket.release",
    /// A user closes the account.
    AccountClose = "account.close",
}

impl AuditAction {
    /// How the names of all users' own acts begin, and of no others.
    pub const OWN_PREFIX: &'static str = "account.";

    /// The action of a stored name; `None` for one that another version stored.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Whose affairs it is about.
    pub fn kind(self) -> AuditKind {
        if self.name().starts_with(Self::OWN_PREFIX) { AuditKind::Own } else { AuditKind::Administrative }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_found_by_its_name_and_no_name_is_given_twice() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::from_name(action.name()), Some(*action));
        }
        assert_eq!(AuditAction::from_name("ticket.burn"), None);
    }

    #[test]
    fn what_users_do_with_their_own_accounts_is_told_apart() {
        assert_eq!(AuditAction::AccountClose.kind(), AuditKind::Own);
        assert_eq!(AuditAction::UserCreate.kind(), AuditKind::Administrative);
        assert_eq!(AuditAction::DatabaseBackup.kind(), AuditKind::Administrative);
    }
}
