//! Writing a wallet.
//!
//! A voting daemon needs [`DaemonWallet`](crate::ports::DaemonWallet): it signs votes, and knows which tickets it watches.
//! A pool that registers users needs [`PoolWallet`](crate::ports::PoolWallet), which has scripts and statistics as well.
//! Both are implemented for whatever implements their parts.
//!
//! # What is asked, and when
//!
//! - [`VoteSigner::name`](crate::ports::VoteSigner::name) must be the same at every call, and another one for every
//!   wallet: problems and owed rescans are kept by it.
//! - [`VoteSigner::info`](crate::ports::VoteSigner::info) is asked before the first vote, then every 20 seconds, and whenever
//!   somebody asks whether the daemon is ready. Its vote version, bits and extended bits go into the votes: a user's own bits
//!   count only for the version that they were chosen for; else the wallet's are voted.
//! - [`VoteSigner::generate_vote`](crate::ports::VoteSigner::generate_vote) must answer exactly the ticket, block, height
//!   and bits of the request; another vote is not sent, and another wallet is asked. It is called for several winners at
//!   once, and again for the same vote. With other wallets there, the first try is given up after 700 ms, later ones after
//!   up to 10 s: the future is dropped then, which must do no harm.
//! - **A vote must be signed.** [`VoteTransaction::is_signed`](crate::chain::VoteTransaction::is_signed) looks for it in
//!   the script of the second input: one of its pushes must be a DER signature with its hash type, which is 9 to 73 bytes
//!   long, begins with `0x30`, and says in its second byte that it is three bytes shorter than the push. Whoever signs
//!   otherwise (with Schnorr signatures, say) is never heard. A wallet that answers unsigned or too late is asked after the
//!   others from then on; with each poll, as long as it says that it is unlocked, it is asked for the same vote once more,
//!   which is sent nowhere, until it signs in time.
//! - [`VoteSigner::agenda_bits`](crate::ports::VoteSigner::agenda_bits) says which bits users can have chosen; others are not
//!   voted. [`VoteSigner::connections`](crate::ports::VoteSigner::connections) has the wallet looked at as soon as it grows.
//!   Neither need be written.
//! - [`TicketWallet::tickets`](crate::ports::TicketWallet::tickets) is asked when the daemon starts, every three minutes, and
//!   when the wallet is back: what it lists is voted, whoever the users are, and tickets to be voted that it does not list
//!   are a problem. So it must list all of its unspent tickets.
//! - [`TicketWallet::ticket_counts`](crate::ports::TicketWallet::ticket_counts) is asked just before, if it is written: a
//!   ticket that the wallet counts as missed, and of whose miss the daemon did not hear, is a problem. It must name the block
//!   at which it counts ([`count_tickets`](crate::ports::count_tickets) does), and is left out for a while where it takes
//!   more than twenty seconds.
//! - [`TicketWallet::holds_script`](crate::ports::TicketWallet::holds_script) is asked for winners of addresses that are no
//!   user's, where the ticket is younger than the last list.
//! - [`TicketWallet::user_tickets`](crate::ports::TicketWallet::user_tickets) is asked how a ticket ended that left the
//!   lottery while nobody looked; `voted` and the height of the vote are read. Without an answer within five seconds the
//!   next wallet is asked, and in the end the ticket stays open.
//! - [`TicketWallet::revoke_tickets`](crate::ports::TicketWallet::revoke_tickets) need not be written for wallets of today.
//!
//! An error that [`is_transient`](crate::ports::WalletError::is_transient), a locked wallet and one that is too slow make the
//! next votes begin with the next wallet.
//!
//! # Example
//!
//! A wallet that keeps its keys in the process, and an engine that votes with it:
//!
//! ```
//! use std::sync::Arc;
//!
//! use async_trait::async_trait;
//! use stakepool_core::chain::{BlockHeight, ScriptAddress, TicketHash, VoteTransaction, VoteVersion};
//! use stakepool_core::ports::{
//!     NodeEvent, TicketWallet, VoteRequest, VoteSigner, WalletError, WalletInfo, WalletTickets,
//! };
//! use stakepool_core::testkit::{FakeNode, MemoryFile, settle, tickets};
//! use stakepool_core::voting::{Engine, EngineParts, TaggedEvent};
//!
//! struct OwnWallet;
//!
//! #[async_trait]
//! impl VoteSigner for OwnWallet {
//!     fn name(&self) -> &str {
//!         "keys of this process"
//!     }
//!
//!     async fn info(&self) -> Result<WalletInfo, WalletError> {
//!         Ok(WalletInfo::ready(VoteVersion(11)))
//!     }
//!
//!     async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
//!         let VoteRequest { ticket, block, height, bits, .. } = *request;
//!         // One's own code makes the transaction here and signs its second input.
//!         let signed = tickets::vote(ticket, block, height, bits, true);
//!         VoteTransaction::from_transaction(signed).map_err(|error| WalletError::Unexpected {
//!             wallet: self.name().to_owned(),
//!             method: "generate_vote".to_owned(),
//!             reason: error.to_string(),
//!         })
//!     }
//! }
//!
//! #[async_trait]
//! impl TicketWallet for OwnWallet {
//!     async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
//!         Ok(Vec::new())
//!     }
//!
//!     async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, WalletError> {
//!         Ok(WalletTickets::default())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = FakeNode::at(219);
//! let ticket = tickets::ticket(1, 1, tickets::Fee::Enough);
//! node.mine(220, 1, vec![ticket.clone()]);
//!
//! let nodes = vec![node.clone() as _];
//! let parts = EngineParts::new(tickets::evaluator(), vec![Arc::new(OwnWallet)], nodes, Arc::<MemoryFile>::default());
//! let engine = Engine::new(parts.desired(tickets::desired(&[1], &[])))?;
//! let (events, receiver) = tokio::sync::mpsc::channel(16);
//! let running = tokio::spawn(engine.run(receiver, std::future::pending()));
//!
//! let (block, height) = (tickets::block(220, 1), BlockHeight(220));
//! let event = NodeEvent::WinningTickets { block, height, tickets: vec![tickets::hash(&ticket)] };
//! events.try_send(TaggedEvent { node: 0, arrived: tokio::time::Instant::now(), event })?;
//! while node.sent_count() == 0 {
//!     settle().await;
//! }
//! assert!(node.sent()[0].is_signed());
//! drop(events);
//! running.await??;
//! # Ok(())
//! # }
//! ```
