//! Wallets: keys, scripts, the tickets that they know, and the votes that they sign.

mod state;
mod votes;

pub(crate) use state::{Memory, Wallet};
pub(crate) use votes::VoteFailure;
