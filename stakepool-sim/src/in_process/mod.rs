//! The nodes and wallets of the network within this process: the traits of `stakepool_core::ports` on the chain itself,
//! without TLS, sockets or JSON, but with the same states and faults.

mod call;
mod chain;
mod keys;
mod node;
mod sources;
mod vsp;
mod wallet;

pub use node::SimNode;
pub use wallet::SimWallet;
