//! Who knows single transactions of the chain.

use async_trait::async_trait;

use super::{MinedTransaction, WalletError};
use crate::chain::TxHash;

/// Knows the transactions of the chain. A wallet asks its node for them.
#[async_trait]
pub trait TransactionSource: Send + Sync {
    /// A transaction; mined ones need the node's transaction index (`--txindex`).
    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, WalletError>;
}
