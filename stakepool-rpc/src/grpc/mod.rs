//! The services of the voting daemon, over gRPC and TLS.
//!
//! Two services share a port. The predecessor's, version 4.0.0 of package `stakepoolrpc`, lets its web and its daemon
//! be on either side. Ours, `excc.stakepool.v1.PoolDaemon`, adds the daemon's state, users and added tickets in one
//! step whatever their number, and a stream of what happened, so that the web needs no other source for its pages.
//!
//! [`server::serve`] offers both for a [`server::DaemonBackend`]; [`client::DaemonClient`] is the other side.
//! The protocol files are in the crate's folder `proto`.

#[cfg(feature = "grpc-client")]
pub mod client;
mod codec;
#[cfg_attr(
    not(all(feature = "grpc-client", feature = "grpc-server")),
    allow(dead_code, unused_imports, reason = "each side needs its half")
)]
mod convert;
mod generated;
#[cfg(feature = "grpc-server")]
pub mod server;
mod token;
mod wire;

pub use token::{RpcToken, RpcTokenError};
