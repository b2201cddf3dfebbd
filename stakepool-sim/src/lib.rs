#![doc = include_str!("../README.md")]

mod chain;
mod error;
mod faults;
mod in_process;
mod keys;
mod listeners;
mod network;
mod program;
mod rpc;
mod server;
mod sign;
mod sim;
mod sync;
mod vsp;
mod wallet;

pub use error::SimError;
pub use in_process::{SimNode, SimWallet};
pub use server::{Endpoint, NodeServer, Server, WalletServer};
pub use sim::{SimNetwork, SimNetworkBuilder};
pub use vsp::{FeeStage, HttpVspServer, VspClient, VspClientError, VspServer};
