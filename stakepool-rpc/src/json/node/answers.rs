//! What a node answers. Fields that the pool does not use are left out.

use serde::Deserialize;
use stakepool_core::chain::{BlockHash, BlockHeight, TicketHash, Transaction, TxHash};
use stakepool_core::ports::MinedTransaction;

/// `getbestblock`, of nodes and wallets.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct BestBlock {
    pub(in crate::json) hash: BlockHash,
    pub(in crate::json) height: BlockHeight,
}

/// `getrawtransaction`, verbose. An unmined transaction has no block.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct RawTransaction {
    pub(in crate::json) hex: String,
    blockhash: Option<BlockHash>,
    blockheight: Option<BlockHeight>,
}

impl RawTransaction {
    /// The transaction, which must be the one with `hash`, and where it was mined; else what is wrong with the answer.
    pub(in crate::json) fn read(&self, hash: &TxHash) -> Result<MinedTransaction, String> {
        let transaction = Transaction::decode_hex(&self.hex).map_err(|error| format!("transaction {hash}: {error}"))?;
        if transaction.hash() != *hash {
            return Err(format!("transaction {hash} was asked for, {} came", transaction.hash()));
        }
        Ok(MinedTransaction { transaction, mined_at: self.mined_at() })
    }

    /// Where it was mined. The height of the genesis block is left out like every zero.
    pub(in crate::json) fn mined_at(&self) -> Option<BlockHeight> {
        self.blockhash.map(|_| self.blockheight.unwrap_or_default())
    }
}

/// `livetickets`.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct LiveTickets {
    pub(in crate::json) tickets: Option<Vec<TicketHash>>,
}
