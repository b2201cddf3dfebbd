//! Tests of the core as its users see it.

#![allow(clippy::unwrap_used)]

mod engine;
mod engine_wallets;
// Shared with the benchmark, which uses a little more of it.
#[allow(dead_code)]
mod fakes;
mod local_daemon;
mod pool;
mod tickets;
mod vectors;
