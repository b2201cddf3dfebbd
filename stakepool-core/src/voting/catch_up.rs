//! Brings the follower to the active node's best block, over gaps, other branches and chains that were begun anew.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use super::follower::Follower;
use crate::chain::{BlockHash, BlockHeight, TicketHash};
use crate::ports::{Node, NodeError};

/// The first block that miners made: it tells chains of one network apart.
const FIRST: BlockHeight = BlockHeight(1);
/// A node that knows none of so many blocks is on another chain.
const OTHER_CHAIN: usize = 6;
/// How long it stays a problem that the chain was begun anew.
const NEW_CHAIN_STANDS: Duration = Duration::from_secs(3600);
/// Pause after a failed synchronisation.
const RETRY: Duration = Duration::from_secs(2);

impl Follower {
    /// Brings the state up to the active node's best block, however far that is.
    pub(super) async fn synchronise(&mut self) {
        self.retry_at = None;
        let Some(node) = self.active else { return };
        match self.catch_up(node).await {
            Ok(()) => {
                if self.first_block.is_none() {
                    // A node that does not keep it is not compared by it.
                    self.first_block = self.engine.node(node).block_hash(FIRST).await.ok();
                }
                self.engine.solved("sync");
                self.engine.solved(&chain_topic(self.engine.node(node)));
                self.engine.publish_reports();
                self.engine.ask_for_winners(node).await;
                self.check().await;
            }
            Err(error) => self.failed(&error),
        }
    }

    pub(super) fn failed(&mut self, error: &NodeError) {
        if let (NodeError::OtherChain { .. }, Some(node)) = (error, self.active) {
            self.engine.problem(&chain_topic(self.engine.node(node)), error.to_string());
            self.foreign.insert(node);
            self.choose_node();
            if self.active.is_none() {
                // Without another one it is asked again: it may come back to the chain.
                self.foreign.remove(&node);
                self.choose_node();
            }
        }
        self.engine.problem("sync", format!("the chain cannot be followed: {error}"));
        self.retry_at = Some(Instant::now() + RETRY);
    }

    pub(super) async fn catch_up(&mut self, node: usize) -> Result<(), NodeError> {
        loop {
            self.rewind(node).await?;
            let Some((hash, height)) = self.engine.synced() else {
                self.load_from_scratch(node).await?;
                continue;
            };
            let (_, best) = self.engine.node(node).best_block().await?;
            if height >= best {
                return Ok(());
            }
            // Nobody tells of the tickets that were missed meanwhile.
            self.is_not_compared();
            self.advance(node, best).await?;
            tracing::info!(from = %height, to = %best, %hash, "caught up");
        }
    }

    /// Works through the blocks up to `best`, or to where the chain changed underneath.
    async fn advance(&mut self, node: usize, best: BlockHeight) -> Result<(), NodeError> {
        while let Some((parent, height)) = self.engine.synced()
            && height < best
        {
            let next = height.plus(1);
            let hash = self.engine.node(node).block_hash(next).await?;
            if !self.connect_block(node, &hash, parent).await? {
                return Ok(());
            }
            if next.0.is_multiple_of(500) {
                self.engine.publish_reports();
            }
        }
        Ok(())
    }

    /// Goes back to the last block that is still on the node's best chain. A node that merely lags behind is waited
    /// for.
    async fn rewind(&mut self, node: usize) -> Result<(), NodeError> {
        let engine = Arc::clone(&self.engine);
        let node = engine.node(node);
        while let Some((hash, height)) = self.engine.synced() {
            let on_chain = found(node.block_hash(height).await)?;
            if on_chain == Some(hash) {
                break;
            }
            match found(node.block(&hash).await)? {
                Some(block) => self.go_back(height, block.header.previous),
                None if on_chain.is_none() => {
                    self.compare_first_block(node).await?;
                    let (_, best) = node.best_block().await?;
                    let what =
                        format!("block {height}, which this daemon has seen: it is at {best} and still catching up");
                    return Err(NodeError::NotFound { node: node.name().to_owned(), what });
                }
                None => self.leave_branch(node, height, hash).await?,
            }
        }
        Ok(())
    }

    /// A node that is behind can be on another chain all the same: the first block tells.
    async fn compare_first_block(&self, node: &dyn Node) -> Result<(), NodeError> {
        let (Some(ours), Some(theirs)) = (self.first_block, found(node.block_hash(FIRST).await)?) else {
            return Ok(());
        };
        if ours == theirs {
            return Ok(());
        }
        Err(NodeError::OtherChain { node: node.name().to_owned(), height: FIRST })
    }

    /// The node never saw our best block: it followed another branch, or is on another chain.
    async fn leave_branch(&mut self, node: &dyn Node, height: BlockHeight, hash: BlockHash) -> Result<(), NodeError> {
        for (known, at) in self.recent.clone().into_iter().rev() {
            if found(node.block_hash(at).await)? == Some(known) {
                self.is_not_compared();
                let undone = (at.0 + 1..=height.0).rev();
                undone.for_each(|height| self.engine.lottery_mut().disconnect(BlockHeight(height)));
                self.engine.set_synced(Some((known, at)));
                self.recent.retain(|(_, of)| *of <= at);
                return Ok(());
            }
        }
        let name = node.name();
        if self.recent.len() >= OTHER_CHAIN {
            // What it says of tickets would be wrong for the chain that this daemon followed.
            return Err(NodeError::OtherChain { node: name.to_owned(), height });
        }
        let what = format!(
            "node {name} never saw block {height} ({hash}), up to which this daemon had followed the chain: it is on another chain, \
             or was set up anew. The tickets were loaded from it again: check that it is the right node"
        );
        self.engine.happened("new chain", what, NEW_CHAIN_STANDS);
        self.recent.clear();
        self.engine.set_synced(None);
        Ok(())
    }

    /// Without a place to go on from: the wallets' tickets first, since they may win next, then all live tickets
    /// of the network, then the blocks whose tickets are still immature.
    async fn load_from_scratch(&mut self, node: usize) -> Result<(), NodeError> {
        self.is_not_compared();
        let (_, best) = self.engine.node(node).best_block().await?;
        let own = self.wallet_tickets().await;
        self.engine.take_listed(node, &own).await;
        self.engine.publish_reports();
        let live = self.engine.node(node).live_tickets().await?;
        self.engine.look_up_all(node, live).await;
        let maturity = self.engine.lottery().evaluator().params().ticket_maturity;
        let first = best.minus(maturity);
        let hash = self.engine.node(node).block_hash(first).await?;
        let parent = self.engine.node(node).block(&hash).await?.header.previous;
        self.connect_block(node, &hash, parent).await?;
        self.advance(node, best).await
    }

    async fn wallet_tickets(&self) -> Vec<TicketHash> {
        for wallet in self.engine.wallets() {
            match wallet.tickets().await {
                Ok(tickets) => return tickets,
                Err(error) => tracing::warn!(%error, "no tickets from this wallet"),
            }
        }
        Vec::new()
    }
}

/// What is noted of a node's chain.
fn chain_topic(node: &dyn Node) -> String {
    format!("{}/chain", node.name())
}

/// The answer, or `None` where the node does not know what was asked for.
fn found<T>(answer: Result<T, NodeError>) -> Result<Option<T>, NodeError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(NodeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
