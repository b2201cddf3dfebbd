//! A simulated EXCC network in one process that serves the real JSON-RPC protocol.
//!
//! One chain stands behind any number of nodes and wallets, each with TLS, basic authentication, HTTPS POST at `/` and
//! websockets at `/ws`, in the dialect of either generation of the real programs. Blocks, tickets, votes and
//! signatures are real in shape and in content; only the proof of work is left out, and no account is kept of
//! outputs other than tickets. Other stakers keep the ticket pool filled, so that the chain moves by itself. Every
//! server has faults that a test switches while it runs. Start with [`SimNetwork::builder`].
//!
//! ```no_run
//! # async fn example() -> Result<(), stakepool_sim::SimError> {
//! use std::time::Duration;
//! use stakepool_sim::SimNetwork;
//!
//! let sim = SimNetwork::builder().seed(42).voting_wallets(3).start().await?;
//! let _node = sim.node().endpoint(); // host, user, password, certificate
//! sim.wallet(1).stop().await;
//! sim.mine_when_voted(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```

mod chain;
mod error;
mod faults;
mod in_process;
mod keys;
mod listeners;
mod network;
mod program;
mod rpc;
mod server;
mod sign;
mod sim;
mod sync;
mod wallet;

pub use error::SimError;
pub use in_process::{SimNode, SimWallet};
pub use server::{Endpoint, NodeServer, Server, WalletServer};
pub use sim::{SimNetwork, SimNetworkBuilder};
