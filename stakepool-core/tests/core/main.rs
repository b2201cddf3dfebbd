//! Tests of the core as its users see it.

#![allow(clippy::unwrap_used)]

mod engine;
mod engine_wallets;
mod local_daemon;
mod pool;
mod vectors;
