//! A new password: with a link from a mail, or with the old one.

use std::sync::Arc;

use stakepool_core::accounts::{
    Actor, Email, EmailError, EmailState, PasswordPolicyError, SecretToken, User, check_policy_at, revoked_validity,
};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{StoreError, TokenPurpose};
use stakepool_core::typed;

use crate::accounts::change::Changed;
use crate::accounts::confirm::Denied;
use crate::accounts::links::CHANGE_WITHIN;
use crate::accounts::sessions::{FactorShown, NewSession};
use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::{ClientAddress, Origin};
use crate::limits::password_queue::Visitor;
use crate::limits::subject::MailKind;
use crate::limits::wait::MustWait;
use crate::mail::letters;
use crate::pool::Pool;

const PURPOSE: TokenPurpose = TokenPurpose::ResetPassword;

/// A password that was typed twice.
///
/// ```
/// use stakepool::accounts::NewPassword;
///
/// let typed = NewPassword::new("gull anvil ferry nine", "gull anvil fery nine");
/// assert_ne!(typed.text, typed.repeated, "what is done with it answers that the two differ");
/// assert_eq!(NewPassword::once("gull anvil ferry nine").repeated, "gull anvil ferry nine");
/// ```
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    /// The password.
    pub text: &'a str,
    /// The same once more.
    pub repeated: &'a str,
}

/// What becomes of the API key where a password is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAfterReset {
    /// It stays: the user's wallets go on.
    Kept,
    /// It is revoked: whoever had the old password may have it, too.
    Revoked,
}

impl<'a> NewPassword<'a> {
    /// A password as typed in two fields.
    pub const fn new(text: &'a str, repeated: &'a str) -> Self {
        Self { text, repeated }
    }

    /// A password from a front end that asks for it once.
    pub const fn once(text: &'a str) -> Self {
        Self { text, repeated: text }
    }

    pub(super) fn is_repeated(self) -> bool {
        typed::password(self.text) == typed::password(self.repeated)
    }
}

/// A request for the mail with a link to a new password, which passed all that costs nothing. Where the front end asks a
/// question against robots, here is the place for it; then [`ResetRequest::send`].
#[must_use]
pub struct ResetRequest<'a> {
    pool: &'a Arc<Pool>,
    typed: String,
    client: ClientAddress,
}

/// Why no mail is sent.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The pool sends no mail.
    #[error("this pool sends no mail; write to its operator")]
    NoMail,
    /// What was typed is no e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// Too many were asked for.
    #[error("too many mails were asked for; try again in {}", .0.in_words())]
    Wait(MustWait),
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link was used, is too old, or was never one.
    #[error("the link was used, is too old, or was never one")]
    Stale,
    /// Too many wrong links from the client.
    #[error("too many wrong links; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordPolicyError),
    /// The two passwords differ.
    #[error("the two passwords differ; type the same one twice")]
    Mismatch,
    /// The password could not be hashed now.
    #[error("the server is too busy; send the form again in a few seconds")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The two new passwords differ.
    #[error("the two new passwords differ; type the same one twice")]
    Mismatch,
    /// The new password.
    #[error(transparent)]
    Password(#[from] PasswordPolicyError),
    /// The old password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The new password could not be hashed now.
    #[error("the server could not check the password now; try again in a few seconds")]
    Busy,
    /// Somebody else changed it at the same moment.
    #[error("it was changed at the same moment by somebody else; try again")]
    ChangedMeanwhile,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Whether a new password may be taken here.
    pub(super) fn check_policy(&self, password: &str, email: &Email) -> Result<(), PasswordPolicyError> {
        let site = &self.settings.site;
        check_policy_at(password, email, &[&site.name, site.host(), "excc stakepool", "exchangecoin"])
    }

    /// Looks at a request for a new password by mail.
    ///
    /// # Errors
    /// [`ResetError`].
    pub fn ask_reset<'a>(self: &'a Arc<Self>, typed: &str, origin: &Origin) -> Result<ResetRequest<'a>, ResetError> {
        if !self.sends_mail() {
            return Err(ResetError::NoMail);
        }
        // An account of before may have an address that no new one can have.
        if Email::spellings(typed).is_empty() {
            Email::parse(typed)?;
        }
        // Before a front end notes its question against robots in the store.
        self.limiter.stranger("password resets", origin.client).map(drop).map_err(ResetError::Wait)?;
        Ok(ResetRequest { pool: self, typed: typed.to_owned(), client: origin.client })
    }

    async fn send_reset(&self, typed: &str, client: ClientAddress) -> Result<(), StoreError> {
        if !self.may_ask_for_mail_together(client).await? {
            return Ok(());
        }
        match self.user_of_typed_email(typed).await? {
            Some(user) if !user.disabled && self.may_mail(MailKind::Reset, &user) => {
                self.send_token(PURPOSE, user.id, &user.email, CHANGE_WITHIN, letters::reset).await?;
                // Somebody who asks has shown nothing yet.
                self.note_of(Actor::Visitor, user.id, AuditAction::AccountResetAsk, format!("from {client}")).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The user of a link for a new password, which stays usable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_of_reset(&self, token: &str) -> Result<Option<User>, StoreError> {
        let Some((id, email)) = self.peek_token(PURPOSE, token).await? else { return Ok(None) };
        let user = self.parts.users.by_id(id).await?;
        Ok(user.filter(|user| !user.disabled && email.is_none_or(|email| email == user.email)))
    }

    /// The user of a link. Links that are none are counted by client.
    async fn count_reset(&self, token: &str, origin: &Origin) -> Result<User, ResetPasswordError> {
        if SecretToken::parse(token).is_err() {
            return Err(ResetPasswordError::Stale);
        }
        let tried = self.limiter.stranger("links", origin.client).map_err(ResetPasswordError::Wait)?;
        let tried = self.count_together(tried).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => ResetPasswordError::Wait(wait),
            SharedTryError::Store(error) => ResetPasswordError::Store(error),
        })?;
        let found = self.user_of_reset(token).await;
        let (tried, found) = self.or_undo_together(tried, found).await?;
        let user = found.ok_or(ResetPasswordError::Stale)?;
        self.succeeded_together(tried).await;
        Ok(user)
    }

    /// Sets a new password with a link from a mail, and ends all sessions. The link is used up last, so that a mistyped
    /// password costs none.
    ///
    /// # Errors
    /// [`ResetPasswordError`].
    pub async fn reset_password(
        &self,
        token: &str,
        new: NewPassword<'_>,
        key: KeyAfterReset,
        origin: &Origin,
    ) -> Result<(), ResetPasswordError> {
        let user = self.count_reset(token, origin).await?;
        self.check_policy(new.text, &user.email)?;
        if !new.is_repeated() {
            return Err(ResetPasswordError::Mismatch);
        }
        let hashes =
            self.passwords.rehash(Visitor::Known(user.id), new.text, &user.password).await.map_err(|error| {
                tracing::warn!(%error, "a password could not be reset");
                ResetPasswordError::Busy
            })?;
        let token = SecretToken::parse(token).map_err(|_| ResetPasswordError::Stale)?;
        let taken = self.parts.tokens.take(PURPOSE, &token.hash(), self.now()).await?;
        let (id, email) = taken.ok_or(ResetPasswordError::Stale)?;
        let change = |user: &mut User| {
            user.password.clone_from(&hashes);
            // A reader of the mail has shown whose address it is.
            if user.email_state == EmailState::Unverified && email.as_ref() == Some(&user.email) {
                user.email_state = EmailState::Verified;
            }
            // In the same write: the link works but once.
            if key == KeyAfterReset::Revoked {
                user.api_keys_valid_from = revoked_validity(user);
            }
            Ok(())
        };
        let Changed { before, after: user } = self.try_change_user(id, change).await?;
        self.revoke_access(&user).await?;
        self.forgive_together(id, origin.client).await;
        self.note(id, AuditAction::AccountReset, format!("from {}", origin.client)).await;
        if before.api_keys_valid_from != user.api_keys_valid_from {
            self.note(id, AuditAction::AccountApiKeyRevoke, format!("from {}", origin.client)).await;
        }
        self.mail_change(&user, &self.reset_letter(key));
        tracing::info!(user = %id, client = %origin.client, "password reset");
        Ok(())
    }

    /// A key that is kept the user must know of; one that is revoked cuts all wallets off.
    fn reset_letter(&self, key: KeyAfterReset) -> String {
        let site = &self.settings.site;
        if key == KeyAfterReset::Revoked {
            return format!(
                "The password of your account was changed with a link from a mail, and the API key was\n\
                 revoked: no wallet can use the account until you make a new one: {}",
                site.url(&site.paths.settings)
            );
        }
        format!(
            "The password of your account was changed with a link from a mail.\n\n\
             The API key in your wallets still works. If somebody else may have it, sign in and\n\
             renew or revoke it: {}",
            site.url(&site.paths.settings)
        )
    }

    /// Changes the password of a signed-in user, and ends every session; `current` is the old password. This browser goes
    /// on with a session of its own.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        user: &User,
        current: &str,
        new: NewPassword<'_>,
        origin: &Origin,
    ) -> Result<NewSession, ChangePasswordError> {
        if !new.is_repeated() {
            return Err(ChangePasswordError::Mismatch);
        }
        self.check_policy(new.text, &user.email)?;
        self.confirm_password(user, current, origin.client).await?;
        let hashes =
            self.passwords.rehash(Visitor::Known(user.id), new.text, &user.password).await.map_err(|error| {
                tracing::warn!(%error, "a password could not be changed");
                ChangePasswordError::Busy
            })?;
        match self.set_password(user.id, &user.password, &hashes).await {
            Err(StoreError::Conflict(_)) => return Err(ChangePasswordError::ChangedMeanwhile),
            stored => stored?,
        }
        // All who knew the old password are out everywhere.
        self.revoke_access(user).await?;
        self.note(user.id, AuditAction::AccountPassword, format!("from {}", origin.client)).await;
        self.mail_change(user, "The password of your account was changed in the settings.");
        tracing::info!(user = %user.id, client = %origin.client, "password changed");
        let changed = User { password: hashes, ..user.clone() };
        match self.begin_session(changed, FactorShown::Yes, origin).await {
            Err(StoreError::Conflict(_)) => Err(ChangePasswordError::ChangedMeanwhile),
            begun => Ok(begun?),
        }
    }
}

impl ResetRequest<'_> {
    /// Sends the mail, if there is such an account that got few of them. All of it happens behind the answer, which is
    /// therefore the same, and takes the same time, for every address.
    ///
    /// # Errors
    /// [`MustWait`] where the client asked for too many mails.
    pub fn send(self) -> Result<(), MustWait> {
        self.pool.limiter.ask_for_mail(self.client)?;
        let (pool, typed, client) = (Arc::clone(self.pool), self.typed, self.client);
        tokio::spawn(async move {
            if let Err(error) = pool.send_reset(&typed, client).await {
                tracing::error!(%error, "a mail that was asked for was not sent");
            }
        });
        tracing::info!(%client, "a password reset was asked for");
        Ok(())
    }
}
