//! The network in one process, and the handle by which tests and the demo drive it.

mod builder;
mod crowd;
mod handle;
mod mempool;
mod notes;
mod purchase;
mod snapshot;
mod state;

pub use builder::SimNetworkBuilder;
pub use handle::SimNetwork;

pub(crate) use mempool::Rejection;
pub(crate) use notes::{Subscriber, Topic};
pub(crate) use purchase::Purchase;
pub(crate) use state::{Shared, State};
