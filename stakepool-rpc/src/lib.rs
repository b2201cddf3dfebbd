//! Everything that a pool says over a network to programs of EXCC and to its own daemons.
//!
//! - [`json`]: JSON-RPC to exccd and exccwallet;
//! - [`grpc`]: the services of the voting daemon, as server and as client;
//! - [`tls`]: encrypted connections whose certificates are pinned, and the certificates themselves.
//!
//! Both count their calls: [`CallFigures`](stakepool_core::call_figures::CallFigures).

#[cfg(feature = "daemon")]
pub mod daemon;
#[cfg(any(feature = "grpc-client", feature = "grpc-server"))]
pub mod grpc;
#[cfg(feature = "json")]
pub mod json;
#[cfg(any(feature = "json", feature = "grpc-client"))]
mod meter;
pub mod tls;
