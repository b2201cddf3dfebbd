//! What administrators do: with users, invitations and low-fee tickets, and about addresses that are no user's.

mod invitations;
mod rescue;
mod tickets;
mod unknown;
mod users;

pub use invitations::{InvitationWish, InviteError, Invited};
pub use rescue::AccountRescue;
pub use unknown::UnknownAddressError;
pub use users::AdministerError;
