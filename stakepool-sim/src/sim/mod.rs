//! The handle by which tests and the demo drive a network.

mod builder;
mod lottery;
mod mining;
mod network;
mod snapshot;
mod start;
mod wait;

pub use builder::SimNetworkBuilder;
pub use network::SimNetwork;
