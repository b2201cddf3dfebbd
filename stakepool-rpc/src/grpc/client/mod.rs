//! The web's side: a voting daemon behind its port.

mod calls;
mod channel;
mod connection;
mod failure;
mod options;
mod voting_daemon;

pub use connection::DaemonClient;
pub use options::{ClientError, ClientOptions, DaemonClientLimits};
