//! What can go wrong with a simulated network.

use std::path::PathBuf;

use stakepool_core::chain::{BlockHeight, HdKeyError};
use stakepool_core::ticket::FeeError;

/// Why the simulator did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A block needs more votes on the one before it.
    #[error("block {height} cannot be mined: {have} of at least {needed} votes on the block before it have arrived")]
    TooFewVotes {
        /// The height of the block that cannot be mined.
        height: BlockHeight,
        /// Votes that are there.
        have: usize,
        /// Votes that are needed.
        needed: usize,
    },
    /// More blocks than the chain can give up.
    #[error("{depth} blocks cannot be reorganised: give 1 to {most}")]
    TooDeep {
        /// What was asked.
        depth: u32,
        /// The most that can be done.
        most: u32,
    },
    /// A purchase that the rules forbid.
    #[error("the tickets cannot be bought: {0}")]
    Purchase(String),
    /// A fee that is none.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// A key cannot be derived.
    #[error("a key cannot be derived: {0}")]
    Key(#[from] HdKeyError),
    /// A server's address cannot be used.
    #[error("{server} cannot listen: {source}")]
    Listen {
        /// The server's name.
        server: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A certificate cannot be made.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A saved network cannot be written or read.
    #[error("the saved network {path} cannot be used: {reason}")]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
