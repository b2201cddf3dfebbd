//! What kind of refusal an error of a use case is.

use stakepool_core::accounts::InvalidApiKey;
use stakepool_core::ports::StoreError;

use super::api_key::{ApiKeyError, RenewKeyError, RevokeKeyError, ShowKeyError};
use super::closing::CloseError;
use super::confirm::Denied;
use super::email::{ChangeEmailError, ConfirmEmailError};
use super::password::{ChangePasswordError, ResetError, ResetPasswordError};
use super::register::RegisterByApiError;
use super::second_factor::{ConfirmFactorError, SecondFactorError};
use super::second_step::SecondStepError;
use super::sign_in::SignInError;
use super::sign_up::SignUpError;
use super::verification::VerifyError;
use super::voting::{SetVotingByApiError, SetVotingError};
use crate::limits::MustWait;
use crate::registration::RegistrationError;

/// What kind of refusal an error is, for a front end that answers all of a kind alike, such as with one HTTP status.
///
/// ```
/// use stakepool::accounts::{RefusalKind, Refused, SignInError};
///
/// fn status(refused: &dyn Refused) -> u16 {
///     match refused.kind() {
///         RefusalKind::Rejected => 422,
///         RefusalKind::Denied => 401,
///         RefusalKind::Wait(_) => 429,
///         RefusalKind::Busy => 503,
///         RefusalKind::Fault => 500,
///     }
/// }
///
/// assert_eq!(status(&SignInError::Wrong), 401);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was asked for cannot be; the error says to its user why.
    Rejected,
    /// Who asked has not shown who they are, or may not come in; the error says to its user why.
    Denied,
    /// There were too many tries: how long to wait.
    Wait(MustWait),
    /// The same may succeed in a few seconds.
    Busy,
    /// A server of the pool failed. The error is for the log: it may name servers, which are no user's business.
    Fault,
}

/// An error that says what kind of refusal it is.
pub trait Refused: std::error::Error {
    /// The kind of refusal.
    fn kind(&self) -> RefusalKind;
}

impl Refused for StoreError {
    fn kind(&self) -> RefusalKind {
        RefusalKind::Fault
    }
}

impl Refused for InvalidApiKey {
    fn kind(&self) -> RefusalKind {
        RefusalKind::Fault
    }
}

impl Refused for ApiKeyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Invalid => RefusalKind::Denied,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ShowKeyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Key(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for RevokeKeyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for RenewKeyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for Denied {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Wrong | Self::Code => RefusalKind::Denied,
            Self::Busy => RefusalKind::Busy,
        }
    }
}

impl Refused for CloseError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::HoldsTickets(_) => RefusalKind::Rejected,
            Self::NobodyKnows => RefusalKind::Busy,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ChangeEmailError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Email(_) | Self::Same | Self::Taken => RefusalKind::Rejected,
            Self::Denied(denied) => denied.kind(),
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ConfirmEmailError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Stale | Self::Taken => RefusalKind::Rejected,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for VerifyError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Stale => RefusalKind::Rejected,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ResetError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NoMail | Self::Email(_) => RefusalKind::Rejected,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
        }
    }
}

impl Refused for ResetPasswordError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Stale | Self::Password(_) | Self::Mismatch => RefusalKind::Rejected,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Busy => RefusalKind::Busy,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ChangePasswordError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Mismatch | Self::Password(_) | Self::ChangedMeanwhile => RefusalKind::Rejected,
            Self::Denied(denied) => denied.kind(),
            Self::Busy => RefusalKind::Busy,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for RegistrationError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::AlreadySubmitted | Self::Closed(_) | Self::TooShort(_) | Self::TooLong(_) => RefusalKind::Rejected,
            Self::Undecodable(_) | Self::WrongKind(_) => RefusalKind::Rejected,
            Self::Unverified => RefusalKind::Denied,
            Self::TooMany(wait) => RefusalKind::Wait(MustWait(*wait)),
            Self::Wallets(_) | Self::TooManyLost(_) | Self::Key(_) | Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for RegisterByApiError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Registration(error) => error.kind(),
        }
    }
}

impl Refused for SecondFactorError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::IsOn | Self::IsOff => RefusalKind::Rejected,
            Self::WrongCode => RefusalKind::Denied,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for ConfirmFactorError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NothingProposed | Self::SetUpElsewhere => RefusalKind::Rejected,
            Self::Wrong(_) => RefusalKind::Denied,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for SecondStepError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::NoFirstStep | Self::Wrong | Self::PasswordChanged(_) => RefusalKind::Denied,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for SignInError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Wrong | Self::Disabled | Self::Unverified | Self::PasswordChanged(_) => RefusalKind::Denied,
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::Busy => RefusalKind::Busy,
            Self::Failed(_) | Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for SignUpError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Closed(_)
            | Self::NoInvitation
            | Self::WrongInvitation
            | Self::Email(_)
            | Self::Password(_)
            | Self::Mismatch
            | Self::EmailTaken => RefusalKind::Rejected,
            Self::TooManySignUps(wait) | Self::TooManyMails(wait) | Self::TooManyInvitations(wait) => {
                RefusalKind::Wait(*wait)
            }
            Self::Busy(_) => RefusalKind::Busy,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for SetVotingError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Unknown => RefusalKind::Busy,
            Self::NoSuchAnswer(_) | Self::Incomplete => RefusalKind::Rejected,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}

impl Refused for SetVotingByApiError {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Wait(wait) => RefusalKind::Wait(*wait),
            Self::NoNumber | Self::Invalid => RefusalKind::Rejected,
            Self::Store(_) => RefusalKind::Fault,
        }
    }
}
