//! The administrators' pages: for users who may administer, and only from addresses from which they may.
//!
//! How to add one: `docs/architecture.md`, "A page". Routes of all pages are in `table()` of `pages/mod.rs`.

pub mod audit;
pub mod guard;
pub mod income;
pub mod invitations;
pub mod mail;
mod pager;
mod search;
pub mod status;
pub mod tickets;
pub mod user;
pub mod users;
mod vote_groups;
pub mod votes;
pub mod vsp;
pub mod vsp_income;
