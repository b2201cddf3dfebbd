//! An EXCC stake pool as a library.

pub mod accounts;
pub mod administration;
pub mod alerts;
pub mod daemons;
pub mod registration;
pub mod tickets;
