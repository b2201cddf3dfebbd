//! Transactions of the chain, for which a wallet asks its node.

use async_trait::async_trait;
use stakepool_core::chain::TxHash;
use stakepool_core::ports::{MinedTransaction, TransactionSource, WalletError};

use super::client::Wallet;
use crate::json::node::RawTransaction;

#[async_trait]
impl TransactionSource for Wallet {
    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, WalletError> {
        const METHOD: &str = "getrawtransaction";
        // Both generations pass methods that they do not know on to their node.
        let raw: RawTransaction = self.client.call(METHOD, (hash, 1)).await.map_err(|error| self.named(error))?;
        raw.read(hash).map_err(|reason| self.unexpected(METHOD, reason))
    }
}
