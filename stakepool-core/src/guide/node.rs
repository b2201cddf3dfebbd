//! Writing a node.
//!
//! A [`Node`](crate::ports::Node) answers questions about the chain and passes votes on to the network. What it reports by
//! itself goes into the channel that [`Engine::run`](crate::voting::Engine::run) reads, as
//! [`TaggedEvent`](crate::voting::TaggedEvent)s with the node's place in the engine's list and the moment of arrival, from
//! which a vote's time is counted.
//!
//! # Order of events
//!
//! 1. `Connected` comes first, when all subscriptions are made, and once more after every loss of the connection. Nothing
//!    that happened before it counts as reported: the engine then casts the votes on open blocks again (a node that has
//!    them says [`AlreadyKnown`](crate::ports::VoteSubmission::AlreadyKnown)), calls
//!    [`rebroadcast_winners`](crate::ports::Node::rebroadcast_winners), and brings itself up to the node's best block.
//! 2. For each block `BlockConnected`, `SpentAndMissed`, `NewTickets` and `WinningTickets`. `SpentAndMissed` and
//!    `NewTickets` may come before their block (nodes of 2018) or after it (today's); the first waits for its block.
//! 3. `WinningTickets` may come for a block off the best chain, and again for the same block. It is voted on until a child
//!    of the block is connected. A winner that nobody has heard of is looked up with
//!    [`transaction`](crate::ports::Node::transaction), again and again, until then.
//! 4. In a reorganisation `BlockDisconnected` for each block that leaves, the highest first, then `BlockConnected` for those
//!    that join.
//! 5. `Disconnected` when the connection is lost. A `Connected` without it before does no harm; events without a
//!    `Connected` before them are voted on, but the chain is not followed.
//!
//! Of several nodes the first one that is connected is followed; winners and the ends of blocks are taken from all
//! that are of the pool's network.
//!
//! # What must be answered
//!
//! **The engine follows the chain from `ticket_maturity` blocks below the best one** (256 on mainnet, 16 on simnet): without
//! a state it asks for [`best_block`](crate::ports::Node::best_block), for all
//! [`live_tickets`](crate::ports::Node::live_tickets) and their transactions, eight at a time, and then for the
//! [`block_hash`](crate::ports::Node::block_hash) and the [`block`](crate::ports::Node::block) at that height and at each
//! one above. A node that cannot serve these gives the problem "the chain cannot be followed". With a state it begins at
//! the block that it saw last. It asks for that block's height and, where another block is there now, for the block itself
//! to go back over it; the node must then still know it. Where it does not
//! ([`NotFound`](crate::ports::NodeError::NotFound)), the engine starts from scratch; where the node's chain is shorter, it
//! waits.
//!
//! Every [`check_every`](crate::voting::EngineParts::check_every) the live tickets are compared with the node's. Tries that
//! take too long are given up, as those of [wallets](super::wallet): the future is dropped.
//!
//! # Example
//!
//! A node that stands in front of another one and counts the votes:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! use async_trait::async_trait;
//! use stakepool_core::chain::{BlockHash, BlockHeight, TicketHash, TxHash, VoteTransaction};
//! use stakepool_core::ports::{Block, MinedTransaction, Node, NodeError, NodeInfo, VoteSubmission};
//!
//! struct Counting {
//!     node: Arc<dyn Node>,
//!     votes: AtomicU64,
//! }
//!
//! #[async_trait]
//! impl Node for Counting {
//!     fn name(&self) -> &str {
//!         self.node.name()
//!     }
//!
//!     async fn info(&self) -> Result<NodeInfo, NodeError> {
//!         self.node.info().await
//!     }
//!
//!     async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
//!         self.node.best_block().await
//!     }
//!
//!     async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
//!         self.node.block_hash(height).await
//!     }
//!
//!     async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
//!         self.node.block(hash).await
//!     }
//!
//!     async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
//!         self.node.transaction(hash).await
//!     }
//!
//!     async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
//!         self.node.live_tickets().await
//!     }
//!
//!     async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
//!         let answer = self.node.send_vote(vote).await?;
//!         self.votes.fetch_add(1, Ordering::Relaxed);
//!         Ok(answer)
//!     }
//!
//!     async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
//!         self.node.rebroadcast_winners().await
//!     }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # use stakepool_core::chain::VoteBits;
//! # use stakepool_core::testkit::{FakeNode, tickets};
//! # let node = Counting { node: FakeNode::at(10), votes: AtomicU64::new(0) };
//! # let (ticket, block) = (TicketHash::from_bytes([1; 32]), tickets::block(10, 1));
//! # let vote = tickets::vote(ticket, block, BlockHeight(10), VoteBits::APPROVE, true);
//! # let vote = VoteTransaction::from_transaction(vote).unwrap();
//! # assert_eq!(node.send_vote(&vote).await, Ok(VoteSubmission::Accepted));
//! # assert_eq!(node.votes.load(Ordering::Relaxed), 1);
//! # }
//! ```
