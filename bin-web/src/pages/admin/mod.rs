//! The administrators' pages: for users who may administer, and only from addresses from which they may.

pub mod audit;
pub mod guard;
pub mod invitations;
pub mod mail;
mod missed_by_key;
mod pager;
mod search;
pub mod status;
pub mod tickets;
pub mod user;
pub mod users;
pub mod votes;
pub mod vsp;
pub mod vsp_income;
