//! What tests of a pool need, one's own as well as ours: wallets, nodes, daemons, stores, a clock and randomness that do
//! what a test tells them. Behind the feature `testkit`; never a part of a pool at work.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod clock;
mod daemon;
pub mod fuzzing;
mod memory_store;
mod node;
mod racing;
mod random;
pub mod samples;
mod state_file;
pub mod store_tests;
pub mod tickets;
mod vsp_node;
mod wallet;
mod writers;

use std::time::Duration;

pub use clock::TestClock;
pub use daemon::{DaemonMood, FakeDaemon};
pub use memory_store::MemoryStore;
pub use node::{FakeChain, FakeNode};
pub use racing::RacingSessions;
pub use random::TestRandom;
pub use state_file::MemoryFile;
pub use vsp_node::{FakeVspNode, VspChain};
pub use wallet::{FakeWallet, Faults, Mood};
pub use writers::fifty_writers;

/// Lets everything that can run now run, under a paused clock of tokio.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
