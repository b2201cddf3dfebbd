//! A node within this process.

use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::chain::{BlockHash, BlockHeight, Network, TicketHash, TxHash, VoteTransaction};
use stakepool_core::ports::{Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, VoteSubmission};
use tokio::sync::mpsc;

use super::call::reach;
use super::chain;
use crate::network::{Rejection, State};
use crate::program::Program;
use crate::rpc::{RpcError, described, rejected};

/// A node of the simulated network as a [`Node`] in this process, with the states and faults of its server. Had from
/// [`NodeServer::in_process`](crate::NodeServer::in_process).
///
/// Each call is a connection of its own: a node that was stopped is unreachable at once, and refused credentials or a
/// limited user are noticed with the next call. Calls under way end where the connections are dropped, and after 10 s.
/// A failure that a test has put in ([`Server::fail`](crate::Server::fail)) comes as [`NodeError::Rpc`], whatever its
/// words.
pub struct SimNode {
    program: Arc<Program>,
}

/// Why a node does not do what it was asked.
pub(super) enum Refusal {
    NotFound(String),
    Rpc(RpcError),
}

impl SimNode {
    pub(crate) const fn new(program: Arc<Program>) -> Self {
        Self { program }
    }

    /// What the node reports from now on. The first event is [`NodeEvent::Connected`], at once where the node can be
    /// reached; what happens while there is no connection is not reported later.
    pub fn events(&self) -> mpsc::UnboundedReceiver<NodeEvent> {
        let (sender, events) = mpsc::unbounded_channel();
        self.program.listen(Box::new(move |event| sender.send(event).is_ok()));
        events
    }

    pub(super) async fn ask<T>(
        &self,
        method: &str,
        answer: impl FnOnce(&mut State) -> Result<T, Refusal> + Send,
    ) -> Result<T, NodeError> {
        let name = self.program.name();
        reach(&self.program, method).await.map_err(|unanswered| unanswered.of_node(name, method))?;
        self.program.shared.write(answer).map_err(|refusal| match refusal {
            Refusal::NotFound(what) => NodeError::NotFound { node: name.to_owned(), what },
            Refusal::Rpc(RpcError { code, message }) => {
                NodeError::Rpc { node: name.to_owned(), method: method.to_owned(), code, message }
            }
        })
    }
}

#[async_trait]
impl Node for SimNode {
    fn name(&self) -> &str {
        self.program.name()
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        let role = self.program.role;
        self.ask("version", |state| {
            let generation = state.chain.generation;
            Ok(NodeInfo { generation, version: described(role, generation), network: Network::Simnet })
        })
        .await
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        self.ask("getbestblock", |state| Ok(state.chain.tip())).await
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        self.ask("getblockhash", |state| {
            let block = state.chain.best.at(height);
            block.map(|block| block.hash).ok_or_else(|| Refusal::NotFound(format!("a block at height {height}")))
        })
        .await
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        self.ask("getblock", |state| {
            let block = state.chain.block(hash).ok_or_else(|| Refusal::NotFound(format!("block {hash}")))?;
            Ok(chain::block(block))
        })
        .await
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        self.ask("getrawtransaction", |state| {
            chain::transaction(state, hash).ok_or_else(|| Refusal::NotFound(format!("transaction {hash}")))
        })
        .await
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        self.ask("livetickets", |state| Ok(state.chain.best.live.iter().copied().collect())).await
    }

    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        self.ask("sendrawtransaction", |state| match state.submit(vote.transaction.clone()) {
            Ok(_) => Ok(VoteSubmission::Accepted),
            Err(Rejection::Duplicate | Rejection::Mined) => Ok(VoteSubmission::AlreadyKnown),
            Err(Rejection::AlreadyVotes { .. }) => Ok(VoteSubmission::RivalVote),
            Err(other) => Err(Refusal::Rpc(rejected(vote.transaction.hash(), &other, state.chain.generation))),
        })
        .await
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        self.ask("rebroadcastwinners", |state| {
            state.rebroadcast_winners();
            Ok(())
        })
        .await
    }
}

impl std::fmt::Debug for SimNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimNode").field("name", &self.program.name()).finish_non_exhaustive()
    }
}
