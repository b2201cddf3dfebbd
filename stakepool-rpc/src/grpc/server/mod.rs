//! The daemon's side of both services.

mod access;
mod backend;
mod connection;
mod listen;
mod local;
mod old;
mod own;
mod serve;
mod stopping;

pub use access::Access;
pub use backend::{BackendError, DaemonBackend};
pub use listen::{ServeError, bind};
pub use serve::serve;
