//! A node and what it reports of the chain.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::chain::{
    Amount, BlockHash, BlockHeader, BlockHeight, Generation, Network, TicketHash, Transaction, TxHash, VoteTransaction,
};

/// Why a node did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// It cannot be reached, or the connection broke.
    #[error("node {node} cannot be reached: {reason}")]
    Unreachable {
        /// The node's name.
        node: String,
        /// What happened.
        reason: String,
    },
    /// It did not answer in time.
    #[error("node {node} did not answer `{method}` within {millis} ms")]
    Timeout {
        /// The node's name.
        node: String,
        /// The call.
        method: String,
        /// The limit.
        millis: u64,
    },
    /// It refuses the user or the password.
    #[error("node {node} refuses the user name or password; check exccduser and exccdpassword")]
    Unauthorized {
        /// The node's name.
        node: String,
    },
    /// The user is a limited one.
    #[error("node {node} takes the user for a limited one; use its full `rpcuser`, which alone hears of tickets")]
    LimitedUser {
        /// The node's name.
        node: String,
    },
    /// The node knows no such block or transaction.
    #[error("node {node} does not know {what}")]
    NotFound {
        /// The node's name.
        node: String,
        /// What was asked for.
        what: String,
    },
    /// It is on another chain than the one that was followed.
    #[error(
        "node {node} is on another chain: its block {height} is not the one that this daemon followed; check its data directory and \
         network. Where its chain is the right one, restart stakepoold"
    )]
    OtherChain {
        /// The node's name.
        node: String,
        /// A height at which the chains differ.
        height: BlockHeight,
    },
    /// It answered with an error of another kind.
    #[error("node {node} answered `{method}` with error {code}: {message}")]
    Rpc {
        /// The node's name.
        node: String,
        /// The call.
        method: String,
        /// The JSON-RPC code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// It answered something that cannot be understood.
    #[error("node {node} answered `{method}` with something unexpected: {reason}")]
    Unexpected {
        /// The node's name.
        node: String,
        /// The call.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Which generation it is.
    pub generation: Generation,
    /// Its version, for people.
    pub version: String,
    /// Its network.
    pub network: Network,
}

/// A block with its tickets' transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: BlockHeader,
    /// The transactions of the stake tree: votes, tickets, revocations.
    pub stake_transactions: Vec<Transaction>,
}

/// A transaction and where it was mined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinedTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// The height of its block; `None` while it is unmined.
    pub mined_at: Option<BlockHeight>,
}

/// What a node said to a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoteSubmission {
    /// It took it.
    Accepted,
    /// It had the very same vote.
    AlreadyKnown,
    /// It had a different vote of the ticket on the block.
    RivalVote,
}

/// What happened to a ticket that left the lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpentOrMissed {
    /// Its vote was mined.
    Spent,
    /// It won and did not vote, or it expired.
    Missed,
}

/// What a node reports by itself. [`NodeEvent::Connected`] comes first; the order within a block is the node's, which
/// differs between generations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeEvent {
    /// A connection stands and all subscriptions are made; what happened before it is unknown.
    Connected,
    /// The connection is gone.
    Disconnected {
        /// Why, for people.
        reason: String,
    },
    /// A block joined the best chain.
    BlockConnected(BlockHeader),
    /// A block left the best chain.
    BlockDisconnected(BlockHeader),
    /// Tickets matured with a block.
    NewTickets {
        /// The block.
        block: BlockHash,
        /// Its height; the tickets were mined a ticket maturity below.
        height: BlockHeight,
        /// The next block's stake difficulty.
        stake_difficulty: Amount,
        /// The tickets.
        tickets: Vec<TicketHash>,
    },
    /// A block drew its winners; also for blocks off the best chain.
    WinningTickets {
        /// The block to vote on.
        block: BlockHash,
        /// Its height.
        height: BlockHeight,
        /// The winners.
        tickets: Vec<TicketHash>,
    },
    /// Tickets left the lottery with a block. An earlier miss is announced once more when its revocation is mined.
    SpentAndMissed {
        /// The block.
        block: BlockHash,
        /// Its height.
        height: BlockHeight,
        /// The tickets.
        tickets: Vec<(TicketHash, SpentOrMissed)>,
    },
}

/// A node: queries of the chain, and the way for votes to the network.
///
/// The engine asks for blocks from a ticket maturity below the best one on, and for the hash of block 1, which tells chains
/// apart. What else a node must keep to, and in which
/// order its events come, stands in the crate's `guide`.
#[async_trait]
pub trait Node: Send + Sync {
    /// A name for people: host and port.
    fn name(&self) -> &str;

    /// Why there is no connection to it, where the implementation keeps one and knows the reason, such as a limited
    /// user; `None` while there is one.
    fn last_error(&self) -> Option<NodeError> {
        None
    }

    /// What the node is.
    async fn info(&self) -> Result<NodeInfo, NodeError>;

    /// Best block.
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError>;

    /// The hash of the block at a height of the best chain.
    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError>;

    /// A block.
    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError>;

    /// A transaction; mined ones need the node's transaction index (`--txindex`).
    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError>;

    /// All tickets in the lottery.
    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError>;

    /// Sends a signed vote.
    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError>;

    /// Has the node announce the winners of its best block once more.
    async fn rebroadcast_winners(&self) -> Result<(), NodeError>;
}
