//! Users of the pool: who they are, what they registered and what they wish, and the secrets that open an account.

mod actor;
mod api_keys;
mod passwords;
mod registration;
mod tokens;
mod totp;
mod user;

pub use actor::Actor;
pub use api_keys::{ApiKeyClaims, ApiKeys, ApiKeysError, InvalidApiKey, renewed_validity, revoked_validity};
pub use passwords::{PasswordCheck, PasswordCosts, PasswordError, PasswordHasher, PasswordPolicyError, check_policy};
pub use registration::{PoolBranches, Registration};
pub use tokens::{SecretToken, SecureRandom, SystemRandom, TokenError};
pub use totp::{RecoveryCode, TotpSecret, TotpStep};
pub use user::{Email, EmailError, EmailState, PasswordHashes, User, UserId, VotingPreference};
