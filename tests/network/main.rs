//! A whole pool on a network: what its users rely on while parts of it stop and start.

#![allow(clippy::unwrap_used)]

mod browser;
mod outages;
mod real;
mod scene;
mod simnet;
mod tickets;
