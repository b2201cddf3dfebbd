//! Ways into an account: which are open, and how they are shut.

use async_trait::async_trait;

use super::{Session, SessionToken, StoreError, TokenPurpose};
use crate::accounts::{StoredSecret, TotpStep, UserId};
use crate::time::UnixTime;

/// Open ways into an account, and things that count once.
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// The sessions of a user that have not ended, the one that was used last first.
    async fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<(SessionToken, Session)>, StoreError>;

    /// Makes all unused tokens of a user for a purpose worthless.
    async fn revoke_tokens(&self, user: UserId, purpose: TokenPurpose) -> Result<(), StoreError>;

    /// Whether a key is used for the first time, in any instance of the web. It is remembered until `expires`.
    async fn first_use(&self, key: &[u8; 32], now: UnixTime, expires: UnixTime) -> Result<bool, StoreError>;
}

/// A user's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret that the user's device shares.
    pub secret: StoredSecret,
    /// Whether the user has shown that the device works. Before, it does not count.
    pub confirmed: bool,
    /// The latest step whose code was used.
    pub last_step: TotpStep,
    /// How many recovery codes are left.
    pub recovery_left: u64,
}

/// Second factors. No code counts twice, in whichever instance of the web it arrives.
#[async_trait]
pub trait SecondFactorStore: Send + Sync {
    /// A user's second factor.
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError>;

    /// Stores a secret that is to be confirmed; it takes the place of an unconfirmed one.
    ///
    /// Fails with [`StoreError::Conflict`] where the user has a confirmed one.
    async fn propose_factor(&self, user: UserId, secret: &StoredSecret) -> Result<(), StoreError>;

    /// Confirms the proposed secret, whose code of `step` was right, with the hashes of its recovery codes. True where
    /// exactly this secret was proposed and not yet confirmed.
    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &StoredSecret,
        step: TotpStep,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError>;

    /// The secrets of all users, confirmed or not.
    async fn factor_secrets(&self) -> Result<Vec<(UserId, StoredSecret)>, StoreError>;

    /// Stores a secret in another form. False where the user has not exactly `old`.
    async fn change_secret(&self, user: UserId, old: &StoredSecret, new: &StoredSecret) -> Result<bool, StoreError>;

    /// Uses the code of a step up. False where it, or a later one, was used before.
    async fn use_step(&self, user: UserId, step: TotpStep) -> Result<bool, StoreError>;

    /// Uses a recovery code up. False where the user has no such code.
    async fn use_recovery(&self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError>;

    /// Puts new recovery codes in the place of all that are left. Does nothing without a confirmed factor.
    async fn renew_recovery(&self, user: UserId, recovery: &[[u8; 32]]) -> Result<(), StoreError>;

    /// Takes the second factor away, with its recovery codes.
    async fn remove_factor(&self, user: UserId) -> Result<(), StoreError>;
}
