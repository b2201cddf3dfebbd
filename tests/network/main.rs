//! A whole pool on a network: what its users rely on while parts of it stop and start.

#![allow(clippy::unwrap_used)]

mod outages;
mod scene;
mod tickets;
