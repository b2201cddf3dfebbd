//! Tests of a pool as its users see it, on fake wallets.

#![allow(clippy::unwrap_used)]

#[path = "../../../stakepool-core/tests/core/fakes.rs"]
#[allow(dead_code)]
mod fakes;
#[path = "../../../stakepool-core/tests/core/tickets.rs"]
#[allow(dead_code)]
mod tickets;
mod wallets;
