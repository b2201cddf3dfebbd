//! The cases, by store. One that is not listed in [`store_tests!`](crate::store_tests) is never called, and so refused
//! here.
#![deny(dead_code)]

pub(super) mod access;
pub(super) mod admin;
pub(super) mod audit;
pub(super) mod claims;
pub(super) mod cursors;
pub(super) mod history;
pub(super) mod hostile;
pub(super) mod invitations;
pub(super) mod leases;
pub(super) mod low_fee;
pub(super) mod mail_failures;
pub(super) mod money;
pub(super) mod registration;
pub(super) mod reopening;
pub(super) mod rescans;
pub(super) mod second_factor;
pub(super) mod sessions;
pub(super) mod ticket_mails;
pub(super) mod tickets;
pub(super) mod tokens;
pub(super) mod tries;
pub(super) mod unverified;
pub(super) mod upkeep;
pub(super) mod users;
pub(super) mod votes;
pub(super) mod vsp;
