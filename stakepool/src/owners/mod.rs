//! What owners of tickets that wallets of today have registered learn of them without an account: a signature shows whose the
//! ticket is.

mod challenge;
mod error;
mod show;

pub use challenge::Challenge;
pub use error::OwnershipError;
pub use show::{Answered, OwnedTicket};
