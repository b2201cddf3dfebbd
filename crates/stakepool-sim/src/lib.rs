//! A simulated EXCC network in one process that serves the real JSON-RPC protocol.
//!
//! One chain stands behind any number of nodes and wallets, each with TLS, basic authentication, HTTPS POST at `/` and
//! websockets at `/ws`, in the dialect of either generation of the real programs. Blocks, tickets, votes and
//! signatures are real in shape and in content; only the proof of work is left out, and no account is kept of
//! outputs other than tickets. Other stakers keep the ticket pool filled, so that the chain moves by itself. Every
//! server has faults that a test switches while it runs. Start with [`SimNetwork::builder`].

mod chain;
mod error;
mod keys;
mod network;
mod rpc;
mod server;
mod sign;
mod sync;
mod wallet;

pub use error::SimError;
pub use network::{SimNetwork, SimNetworkBuilder};
pub use server::{Endpoint, Server, WalletServer};
