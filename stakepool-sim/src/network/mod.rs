//! The network itself: the chain, the transactions that wait, the stakers and the wallets, behind one lock.

mod crowd;
mod mempool;
mod notes;
mod own_tickets;
mod payments;
mod purchase;
mod reorganise;
mod shared;
mod state;
mod wallets;

pub(crate) use crowd::Crowd;
pub(crate) use mempool::Rejection;
pub(crate) use notes::{ClientId, Note, Subscriber, Topic};
pub(crate) use own_tickets::OwnTicket;
pub(crate) use purchase::Purchase;
pub(crate) use shared::Shared;
pub(crate) use state::{Clock, State};
pub(crate) use wallets::{Locked, StakeFigures};
