//! Blocks that were missed while there was no connection.

use stakepool_core::chain::{BlockHash, BlockHeight};
use stakepool_core::ports::{Block, Node, NodeError};

/// What happened to the best chain since a block that was its tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    /// The last block that is both on the old and on the new best chain. `None` where it lies further away than the
    /// limit, or where the node does not know the old chain: then nothing can be said of the blocks in between, and
    /// all that is derived from the chain must be built anew.
    pub ancestor: Option<(BlockHash, BlockHeight)>,
    /// Blocks of the old chain above the ancestor, which are no longer on the best chain.
    pub disconnected: u32,
    /// Blocks of the new chain above the ancestor, the lowest first. Without an ancestor the topmost that were read.
    pub connected: Vec<Block>,
    /// The tip of the best chain when this was asked.
    pub tip: (BlockHash, BlockHeight),
}

/// Lists the blocks between `last`, the last block that was worked through, and the tip of the best chain.
///
/// Walks from block to block by their hashes, so a reorganisation meanwhile confuses nothing: what comes after `tip`
/// is told by notifications. Reads at most `limit` blocks.
///
/// # Errors
/// Those of the node, except that an old block that it does not know is no error (see [`CatchUp::ancestor`]).
pub async fn missed_blocks(node: &dyn Node, last: (BlockHash, BlockHeight), limit: u32) -> Result<CatchUp, NodeError> {
    let tip = node.best_block().await?;
    let (mut new, mut old) = (tip, last);
    let mut connected = Vec::new();
    let mut disconnected = 0;
    let mut ancestor = None;
    for left in (0..=limit).rev() {
        if new == old {
            ancestor = Some(new);
            break;
        }
        if left == 0 {
            break;
        }
        if new.1 >= old.1 {
            let block = node.block(&new.0).await?;
            check_height(node, &block, new.1)?;
            let Some(parent) = parent(&block) else { break };
            new = parent;
            connected.push(block);
        } else {
            let block = match node.block(&old.0).await {
                Err(NodeError::NotFound { .. }) => break,
                other => other?,
            };
            let Some(parent) = parent(&block).filter(|_| block.header.height == old.1) else { break };
            old = parent;
            disconnected += 1;
        }
    }
    connected.reverse();
    Ok(CatchUp { ancestor, disconnected, connected, tip })
}

fn parent(block: &Block) -> Option<(BlockHash, BlockHeight)> {
    let height = block.header.height.0.checked_sub(1)?;
    Some((block.header.previous, BlockHeight(height)))
}

fn check_height(node: &dyn Node, block: &Block, expected: BlockHeight) -> Result<(), NodeError> {
    if block.header.height == expected {
        return Ok(());
    }
    Err(NodeError::Unexpected {
        node: node.name().to_owned(),
        method: "getblock".to_owned(),
        reason: format!("block {} should have height {expected}, not {}", block.header.hash, block.header.height),
    })
}
