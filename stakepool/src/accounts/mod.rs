//! Users' accounts: sign-up, sign-in, second factor, passwords, e-mail addresses, sessions, API keys and closing.
//!
//! Limits of tries and equal times are part of the use cases, so that no front end can forget them; where a request comes
//! from is an argument ([`Origin`]). The outcomes are exhaustive enums on purpose: a front end has an answer for each. One that answers
//! all errors of a kind alike asks for their [`RefusalKind`].

mod api_key;
mod change;
mod closing;
mod confirm;
mod email;
pub(crate) mod factor_secrets;
mod factor_tries;
mod find;
mod invited;
mod links;
mod lost_indexes;
mod mail_wishes;
mod password;
mod refusal_kind;
mod register;
mod revoke;
mod second_factor;
mod second_step;
mod sessions;
mod shared_tries;
mod sign_in;
mod sign_up;
mod strangers;
pub(crate) mod unverified;
mod verification;
mod voting;

pub use crate::limits::{ClientAddress, KnownBrowser, KnownBrowsers, MustWait, Origin, TryLimits};
pub use api_key::{ApiKeyError, RenewKeyError, RevokeKeyError, ShowKeyError};
pub use change::Changed;
pub use closing::{CloseError, is_closed};
pub use confirm::{Confirmation, Denied};
pub use email::{ChangeEmailError, ConfirmEmailError, EmailChange};
pub use password::{ChangePasswordError, KeyAfterReset, NewPassword, ResetError, ResetPasswordError, ResetRequest};
pub use refusal_kind::{RefusalKind, Refused};
pub use register::RegisterByApiError;
pub use revoke::{revoke_all_access, revoke_all_tokens};
pub use second_factor::{ConfirmFactorError, SecondFactorError, SecondFactorSetUp};
pub use second_step::{SecondStepError, SignedInBy};
pub use sessions::{NewSession, SESSION_LASTS};
pub use sign_in::{FIRST_STEP_LASTS, SignInError, SignedIn};
pub use sign_up::{CheckedSignUp, SignUpError, SignedUp};
pub use strangers::StrangerTry;
pub use verification::{VerificationRequest, VerifyError};
pub use voting::{SetVotingByApiError, SetVotingError, VotingChoice};
