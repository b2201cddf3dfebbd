//! Everything that a pool says over a network to programs of EXCC and to its own daemons.
//!
//! - [`json`]: JSON-RPC to exccd and exccwallet;
//! - [`grpc`]: the services of the voting daemon, as server and as client;
//! - [`tls`]: encrypted connections whose certificates are pinned, and the certificates themselves.
//!
//! Both count their calls: [`CallFigures`].

pub mod grpc;
pub mod json;
mod meter;
pub mod tls;

pub use meter::CallFigures;
