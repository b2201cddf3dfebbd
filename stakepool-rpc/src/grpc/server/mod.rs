//! The daemon's side of both services.

mod access;
mod backend;
mod connection;
mod cost;
mod limited;
mod listen;
mod local;
mod old;
mod own;
mod places;
mod serve;
mod stopping;
mod turns;

pub use access::Access;
#[cfg(feature = "daemon")]
pub(crate) use backend::users_allowed;
pub use backend::{BackendError, DaemonBackend};
pub use listen::{ServeError, bind};
pub use serve::serve;
#[cfg(feature = "daemon")]
pub(crate) use serve::serve_renewed;
