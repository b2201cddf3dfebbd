//! Why a daemon ends.

use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::voting::EngineError;

use crate::grpc::server::ServeError;

/// A peer that is the wrong one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// A node or wallet is of another network.
    #[error(
        "{peer} runs on {found}, but this daemon is configured for {expected}: correct `testnet`/`simnet` or the host"
    )]
    WrongNetwork {
        /// The node or wallet.
        peer: String,
        /// Its network.
        found: Network,
        /// The configured network.
        expected: Network,
    },
    /// Two wallets are not made from one seed.
    #[error(
        "the wallets were not made from one seed: {first} has the account key {expected}, but {second} has {found}; \
         restore the wrong one from the pool's seed"
    )]
    OtherKeys {
        /// One wallet.
        first: String,
        /// Its key.
        expected: Box<ExtendedPubKey>,
        /// The other wallet.
        second: String,
        /// Its key.
        found: Box<ExtendedPubKey>,
    },
}

/// Why a daemon had to stop, or could not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It cannot vote any more.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Its services cannot be offered.
    #[error(transparent)]
    Serve(#[from] ServeError),
}
