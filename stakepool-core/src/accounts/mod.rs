//! Users of the pool: who they are, what they registered and what they wish, and the secrets that open an account.

#[cfg(feature = "accounts")]
mod actor;
#[cfg(feature = "accounts")]
mod api_keys;
mod email;
#[cfg(feature = "accounts")]
mod hs256;
#[cfg(feature = "accounts")]
mod invitation_code;
#[cfg(feature = "accounts")]
mod passwords;
#[cfg(feature = "accounts")]
mod readable;
mod registration;
#[cfg(feature = "accounts")]
mod stored_secret;
#[cfg(feature = "accounts")]
mod tokens;
#[cfg(feature = "accounts")]
mod totp;
mod user;

#[cfg(feature = "accounts")]
pub use actor::Actor;
#[cfg(feature = "accounts")]
pub use api_keys::{ApiKeyClaims, ApiKeys, ApiKeysError, InvalidApiKey, renewed_validity, revoked_validity};
pub use email::Email;
#[cfg(feature = "accounts")]
pub use email::{EmailError, Mailbox};
#[cfg(feature = "accounts")]
pub use invitation_code::InvitationCode;
#[cfg(feature = "accounts")]
pub use passwords::{
    PasswordCheck, PasswordCosts, PasswordError, PasswordHasher, PasswordPolicyError, check_policy, check_policy_at,
};
pub use registration::{PoolBranches, Registration};
#[cfg(feature = "accounts")]
pub use stored_secret::StoredSecret;
#[cfg(feature = "accounts")]
pub use tokens::{SecretToken, SecureRandom, SystemRandom, TokenError};
#[cfg(feature = "accounts")]
pub use totp::{RecoveryCode, TotpSecret, TotpStep};
pub use user::{EmailState, PasswordHashes, User, UserId, VotingPreference};
