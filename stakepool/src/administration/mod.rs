//! What administrators do: with users, with low-fee tickets, and about addresses that are no user's.

mod rescue;
mod tickets;
mod unknown;
mod users;

pub use rescue::AccountRescue;
pub use unknown::UnknownAddressError;
pub use users::AdministerError;
