//! Rescans that wallets owe.

use async_trait::async_trait;

use super::StoreError;
use crate::chain::BlockHeight;

/// Remembers which wallets must look through the chain again, until they have done so: a rescan that failed or was cut
/// off by a restart would otherwise be forgotten, since the wallet knows the scripts by then.
#[async_trait]
pub trait RescanStore: Send + Sync {
    /// From which height a wallet must look through the chain again, if it must.
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError>;

    /// Notes that a wallet must look through the chain from a height. Of several notes the lowest height counts.
    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError>;

    /// Notes that a wallet has looked through the chain from a height. What it owes from a lower height stays.
    async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError>;
}
