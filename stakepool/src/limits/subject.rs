//! What tries are counted of.

use std::net::IpAddr;

use stakepool_core::accounts::UserId;

use crate::limits::known_browsers::KnownBrowser;

/// What a mail is for that somebody asks for. Each kind has a limit of its own: none keeps an account from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// An account was made, or is there already.
    SignUp,
    /// The address is to be verified, once more.
    Verification,
    /// A new password.
    Reset,
    /// Another address.
    Change,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// Sign-ins of an account, whoever tries.
    Account(UserId),
    /// Sign-ins of an account from a client.
    AccountFrom(UserId, IpAddr),
    /// Sign-ins of accounts that there are not.
    Unknown(u16),
    /// The same from a client.
    UnknownFrom(u16, IpAddr),
    /// Sign-ins from a browser that has signed in to this account before.
    Known(KnownBrowser),
    /// Sign-ins of an account from all such browsers.
    KnownTo(UserId),
    /// Right passwords of an account.
    Right(UserId),
    /// Right passwords from a browser that has signed in to this account before.
    RightFromKnown(KnownBrowser),
    /// Right passwords of a signed-in user.
    RightConfirmed(UserId),
    /// Tries of a kind that names no account, from a client. A variant of its own: what is typed as an e-mail address must
    /// not reach it.
    Stranger(&'static str, IpAddr),
    /// Sign-ins from a client.
    SignInClient(IpAddr),
    /// Sign-ups from a client.
    SignUpClient(IpAddr),
    /// Passwords that a signed-in user is asked for once more.
    Confirmation(UserId),
    /// Second factors of a user whose password was right.
    SecondFactor(UserId),
    /// Changes that a user's wallets make by the API.
    ApiWrite(UserId),
    /// Addresses that are registered.
    Registrations,
    /// Mails of a kind to an account.
    Mail(MailKind, UserId),
    /// Mails that an API key was used from another network.
    NetworkMail(UserId),
    /// Mails to an address that nobody has shown to be theirs.
    UnverifiedAddress(u64),
    /// Mails that a client asks for.
    MailClient(IpAddr),
}

impl Subject {
    /// A name that no other subject has, the same in every instance of this version.
    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// For what is counted by address, of which anybody may have any number: the kind. Everything else there are as many of as
    /// users, or as few as the pool has let come into being.
    pub(super) const fn by_address(self) -> Option<&'static str> {
        match self {
            Self::AccountFrom(..) => Some("account from"),
            Self::UnknownFrom(..) => Some("unknown from"),
            Self::Stranger(..) => Some("stranger"),
            Self::SignInClient(_) => Some("sign-in"),
            Self::SignUpClient(_) => Some("sign-up"),
            Self::MailClient(_) => Some("mail"),
            Self::Account(_)
            | Self::Unknown(_)
            | Self::Known(_)
            | Self::KnownTo(_)
            | Self::Right(_)
            | Self::RightFromKnown(_)
            | Self::RightConfirmed(_)
            | Self::Confirmation(_)
            | Self::SecondFactor(_)
            | Self::ApiWrite(_)
            | Self::Registrations
            | Self::Mail(..)
            | Self::NetworkMail(_)
            | Self::UnverifiedAddress(_) => None,
        }
    }
}
