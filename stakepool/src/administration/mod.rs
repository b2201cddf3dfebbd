//! What administrators do: with users, and with low-fee tickets.

mod rescue;
mod tickets;
mod users;

pub use rescue::AccountRescue;
pub use users::AdministerError;
