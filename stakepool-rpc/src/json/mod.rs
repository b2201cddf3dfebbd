//! JSON-RPC to exccd and exccwallet.
//!
//! One websocket a server: a task owns it, connects in the background, keeps it alive and connects again when it is
//! lost ([`ServerConfig`] and [`CallLimits`] say how). [`Wallet`] and [`NodeClient`] speak through it and implement the
//! traits that the pool's logic asks for, for programs of both generations. Answers may overtake each other; a node's
//! notifications arrive in the node's order as [`stakepool_core::ports::NodeEvent`]s.
//!
//! Nothing here repeats a call by itself: only the caller knows whether that is safe.

mod backoff;
mod client;
mod config;
mod connection;
mod dial;
mod error;
mod identify;
mod identity;
mod link;
mod message;
mod node;
mod notifications;
mod wallet;

#[cfg(test)]
mod recordings;
#[cfg(test)]
mod transport_tests;

pub use client::NO_PARAMS;
pub use config::{CallLimits, ConfigError, Password, ServerConfig};
pub use dial::check;
pub use error::RpcError;
pub use identify::identify;
pub use identity::{Identity, ServerKind};
pub use node::NodeClient;
pub use wallet::Wallet;
