//! Users of the pool: who they are, what they registered and what they wish, and the secrets that open an account.

mod api_keys;
mod passwords;
mod tokens;
mod user;

pub use api_keys::{ApiKeyClaims, ApiKeys, ApiKeysError, InvalidApiKey, renewed_validity};
pub use passwords::{PasswordCheck, PasswordCosts, PasswordError, PasswordHasher, PasswordPolicyError, check_policy};
pub use tokens::{SecretToken, SecureRandom, SystemRandom, TokenError};
pub use user::{Email, EmailError, EmailState, PasswordHashes, Registration, User, UserId, VotingPreference};
