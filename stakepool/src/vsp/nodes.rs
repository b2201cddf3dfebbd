//! Several nodes as one: the next one is asked where one fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use stakepool_core::chain::{
    BlockHash, BlockHeader, BlockHeight, OutPoint, TicketHash, Transaction, TxHash, VoteTransaction,
};
use stakepool_core::ports::{
    Block, MinedTransaction, Node, NodeError, NodeInfo, NodeLook, TransactionSubmission, UnspentOutput, VoteSubmission,
    VspNode,
};

/// Nodes of which the one is asked that answered last.
pub struct NodesInTurn {
    nodes: Vec<Arc<dyn VspNode>>,
    /// The place of the one that answered last.
    last: AtomicUsize,
}

impl NodesInTurn {
    /// Takes nodes in the order in which they are preferred; `None` where there are none.
    pub fn new(nodes: Vec<Arc<dyn VspNode>>) -> Option<Self> {
        (!nodes.is_empty()).then_some(Self { nodes, last: AtomicUsize::new(0) })
    }

    /// Asks one after the other, from the one that answered last on, until one answers.
    async fn ask<'a, T, F>(&'a self, question: impl Fn(&'a dyn VspNode) -> F) -> Result<T, NodeError>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        let first = self.last.load(Ordering::Relaxed);
        let mut places = (0..self.nodes.len()).map(|step| (first + step) % self.nodes.len()).peekable();
        while let Some(place) = places.next() {
            match question(self.nodes[place].as_ref()).await {
                Err(error) if is_of_the_node(&error) && places.peek().is_some() => {
                    tracing::debug!(%error, "the next node is asked");
                }
                answer => {
                    self.last.store(place, Ordering::Relaxed);
                    return answer;
                }
            }
        }
        // There is one node at least, whose answer was returned.
        Err(NodeError::Unreachable { node: self.name().to_owned(), reason: "no node is configured".to_owned() })
    }
}

/// Whether another node may answer what one did not.
const fn is_of_the_node(error: &NodeError) -> bool {
    matches!(
        error,
        NodeError::Unreachable { .. }
            | NodeError::Timeout { .. }
            | NodeError::Unauthorized { .. }
            | NodeError::LimitedUser { .. }
            | NodeError::Unexpected { .. }
    )
}

#[async_trait]
impl Node for NodesInTurn {
    fn name(&self) -> &str {
        self.nodes.get(self.last.load(Ordering::Relaxed)).map_or("node", |node| node.name())
    }

    fn last_error(&self) -> Option<NodeError> {
        self.nodes.get(self.last.load(Ordering::Relaxed)).and_then(|node| node.last_error())
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.ask(|node| node.info()).await
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        self.ask(|node| node.best_block()).await
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        self.ask(|node| node.block_hash(height)).await
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        self.ask(|node| node.block(hash)).await
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        self.ask(|node| node.transaction(hash)).await
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        self.ask(|node| node.live_tickets()).await
    }

    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        self.ask(|node| node.send_vote(vote)).await
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        self.ask(|node| node.rebroadcast_winners()).await
    }
}

#[async_trait]
impl VspNode for NodesInTurn {
    async fn has_transaction_index(&self) -> Result<bool, NodeError> {
        self.ask(|node| node.has_transaction_index()).await
    }

    async fn look(&self) -> Vec<NodeLook> {
        join_all(self.nodes.iter().map(|node| node.look())).await.into_iter().flatten().collect()
    }

    async fn best_header(&self) -> Result<BlockHeader, NodeError> {
        self.ask(|node| node.best_header()).await
    }

    async fn raw_block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        self.ask(|node| node.raw_block(hash)).await
    }

    async fn send_transaction(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError> {
        self.ask(|node| node.send_transaction(transaction)).await
    }

    async fn unspent_output(&self, output: &OutPoint) -> Result<Option<UnspentOutput>, NodeError> {
        self.ask(|node| node.unspent_output(output)).await
    }

    async fn is_live(&self, ticket: &TicketHash) -> Result<bool, NodeError> {
        self.ask(|node| node.is_live(ticket)).await
    }
}

impl std::fmt::Debug for NodesInTurn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.name()).collect();
        f.debug_struct("NodesInTurn").field("nodes", &nodes).finish_non_exhaustive()
    }
}
