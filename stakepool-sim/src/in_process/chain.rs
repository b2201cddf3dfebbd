//! What programs say of the chain, in the words of `stakepool_core`.

use stakepool_core::chain::TxHash;
use stakepool_core::ports::{Block, MinedTransaction};

use crate::chain;
use crate::network::State;

/// A block with its stake transactions.
pub(super) fn block(block: &chain::Block) -> Block {
    Block {
        header: block.facts(),
        stake_transactions: block.stake.iter().map(|transaction| transaction.body.as_ref().clone()).collect(),
    }
}

/// A transaction of the best chain, or one that waits to be mined.
pub(super) fn transaction(state: &State, hash: &TxHash) -> Option<MinedTransaction> {
    let mined = state.chain.best.transaction(hash);
    let found = mined.map(|(found, _, _)| found).or_else(|| state.mempool.get(hash))?;
    Some(MinedTransaction {
        transaction: found.body.as_ref().clone(),
        mined_at: mined.map(|(_, _, place)| place.height),
    })
}
