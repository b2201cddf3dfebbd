//! What owners of tickets that wallets of today have registered learn of them without an account: a signature shows whose the
//! ticket is.

mod challenge;
mod claim;
mod error;
mod prove;
mod show;

pub use challenge::{Challenge, Purpose};
pub use claim::{ClaimError, ClaimedTicket};
pub use error::OwnershipError;
pub use prove::OwnersProofError;
pub use show::{Answered, OwnedTicket};
