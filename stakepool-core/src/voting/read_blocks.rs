//! Blocks of the best chain, read for the web's ledger: behind the votes' back, one after the other.

use std::time::Duration;

use tokio::time::sleep;

use super::engine::Engine;
use super::stake_transaction::spend_of;
use crate::chain::BlockHeight;
use crate::ports::{MOST_BLOCKS, Node, NodeError};
use crate::reports::BlockFacts;
use crate::time::UnixTime;

/// How long the votes on a block are left in peace.
const PEACE: Duration = Duration::from_secs(2);
/// How often it is looked whether they are cast.
const LOOK: Duration = Duration::from_millis(100);

impl Engine {
    /// What the blocks at these heights say, from the node that is followed; those that it does not have are left out, and so is
    /// what is asked for beyond [`MOST_BLOCKS`]. `None` while no node is followed.
    ///
    /// # Errors
    /// [`NodeError`] where the node does not answer.
    pub async fn read_blocks(&self, heights: &[BlockHeight]) -> Option<Result<Vec<BlockFacts>, NodeError>> {
        let node = self.node(self.active_node()?);
        let mut blocks = Vec::new();
        for height in heights.iter().take(MOST_BLOCKS) {
            while self.ballots().any_casting(PEACE) {
                sleep(LOOK).await;
            }
            match read(node, *height).await {
                Ok(block) => blocks.push(block),
                Err(NodeError::NotFound { .. }) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(blocks))
    }
}

async fn read(node: &dyn Node, height: BlockHeight) -> Result<BlockFacts, NodeError> {
    let hash = node.block_hash(height).await?;
    let block = node.block(&hash).await?;
    let time = UnixTime(i64::from(block.header.time));
    let spends = block.stake_transactions.iter().filter_map(|stake| spend_of(stake, height, Some(time))).collect();
    Ok(BlockFacts { height, time, spends })
}
