//! Tests of the core as its users see it.

#![allow(clippy::unwrap_used)]

mod alone;
mod counts;
mod desired_source;
mod engine;
mod engine_wallets;
mod fuzzing;
mod key_tickets;
mod local_daemon;
mod lost_votes;
mod memory_store;
mod nodes;
mod pool;
mod strangers;
mod terms;
mod ticket_sets;
mod vectors;
mod votes;
mod vsp_replay;
mod vspd;
