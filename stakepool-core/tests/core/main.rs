//! Tests of the core as its users see it.

#![allow(clippy::unwrap_used)]

mod engine;
mod engine_wallets;
mod local_daemon;
mod memory_store;
mod pool;
mod vectors;
