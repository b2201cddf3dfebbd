//! Reading a daemon's events.
//!
//! A daemon reports tickets and votes through [`VotingDaemon::events`](crate::ports::VotingDaemon::events). Each event has a
//! number that grows by one within the daemon's epoch; the epoch grows with every start of the daemon.
//!
//! - A reader keeps the [`EventCursor`](crate::ports::EventCursor) of each daemon and gives it with the next question. It is
//!   to be stored **after** what the events say: then nothing is lost where the reader stops between, and what is read
//!   twice does no harm, since the ledger's writes can be repeated.
//! - Where the cursor is of another epoch, or more than 20,000 events behind, the answer is a *snapshot*: all tickets that
//!   the daemon knows and the latest 1,000 votes, all under the number of the last event. Otherwise an answer holds at most
//!   2,000 events, in their order.
//! - Later reports on a ticket replace earlier ones of the same daemon. Of two daemons one may be behind:
//!   [`merge_ticket`](crate::store_rules::merge_ticket) decides.
//! - A question **waits** for the first event, 25 seconds long where there is none: read in a task of its own, beside the one
//!   that gives the daemon its desired state.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::sync::Arc;
//! # use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, tickets};
//! # use stakepool_core::voting::{Engine, EngineParts, LocalDaemon};
//! use stakepool_core::ports::{LedgerStore, VotingDaemon};
//! use stakepool_core::reports::DaemonEventKind;
//! use stakepool_core::time::UnixTime;
//!
//! /// Reads what there is, once.
//! async fn read(
//!     daemon: &dyn VotingDaemon,
//!     ledger: &dyn LedgerStore,
//!     now: UnixTime,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let name = daemon.status().await?.id;
//!     let place = ledger.cursor(&name).await?.unwrap_or_default();
//!     let batch = daemon.events(place).await?;
//!     let (mut tickets, mut votes) = (Vec::new(), Vec::new());
//!     for event in batch.events {
//!         match event.kind {
//!             DaemonEventKind::Ticket(report) => tickets.push(report),
//!             DaemonEventKind::Vote(record) => votes.push(record),
//!         }
//!     }
//!     ledger.put_tickets(&name, &tickets, now).await?;
//!     ledger.put_votes(&name, &votes).await?;
//!     Ok(ledger.set_cursor(&name, batch.next).await?)
//! }
//! # let wallets = vec![FakeWallet::new("wallet") as _];
//! # let nodes = vec![FakeNode::at(20) as _];
//! # let parts = EngineParts::new(tickets::evaluator(), wallets, nodes, Arc::<MemoryFile>::default());
//! # let daemon = LocalDaemon::new(Engine::new(parts)?, "here", tickets::COLD.parse()?);
//! # let ledger = stakepool_core::testkit::MemoryStore::default();
//! # read(&daemon, &ledger, UnixTime(0)).await?;
//! # assert!(ledger.cursor("here").await?.is_some());
//! # Ok(())
//! # }
//! ```
