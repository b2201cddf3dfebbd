//! The simulated network, driven by its handle and asked over the wire.

#![allow(clippy::unwrap_used)]

mod chain;
mod client;
mod faults;
mod in_process;
mod key_signer;
mod key_votes;
mod payments;
mod pool;
mod recordings;
mod repeat;
mod rpc;
