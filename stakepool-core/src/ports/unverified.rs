//! Accounts that nobody has shown to be theirs.

use async_trait::async_trait;

use super::StoreError;
use crate::accounts::UserId;
use crate::time::UnixTime;

/// Accounts whose e-mail address was never verified.
#[async_trait]
pub trait UnverifiedStore: Send + Sync {
    /// Removes accounts that were made before a moment, at most `limit`, and says which. Their e-mail addresses can be used
    /// again, their numbers never. `now` tells which links still work.
    ///
    /// Only those go that nobody used: not verified, without a link for it that still works, not disabled (that would let
    /// the address in again), no administrator and not in `keep`, never signed in, without a multisig
    /// address, without a key index that was ever reserved, without a ticket, and made by a program that noted when.
    async fn remove_unverified(
        &self,
        before: UnixTime,
        now: UnixTime,
        keep: &[UserId],
        limit: u64,
    ) -> Result<Vec<UserId>, StoreError>;
}
