//! Why nothing is imported.

use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::{NodeError, StoreError};

use crate::vsp::chain_work::PassError;
use crate::vsp::server_key::ServerKeyError;
use crate::vsp::vault::VaultError;

/// Why nothing, or nothing more, is imported. Single tickets that cannot be are [`ImportNote`](super::ImportNote).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The node.
    #[error("{0}; tickets are looked up at the node (exccdhost), since vspd did not keep their transactions")]
    Node(#[from] NodeError),
    /// Mined transactions seem to be unknown.
    #[error("the node {0} has no index of transactions: start it with txindex=1")]
    NoIndex(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The note of how far the chain was worked through.
    #[error(transparent)]
    Place(#[from] PassError),
    /// What lies sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The server's key.
    #[error(transparent)]
    ServerKey(#[from] ServerKeyError),
    /// Another server's tickets are registered here.
    #[error(
        "this pool signs with another key ({ours}) than that vspd ({theirs}), and tickets are registered whose wallets know it: a \
         pool has one key. Serve that vspd's tickets by a pool of their own, with a database of its own"
    )]
    OtherServerKey {
        /// Our public key, in base64.
        ours: String,
        /// The public key of the file, in base64.
        theirs: String,
    },
    /// A fee key has no such index.
    #[error(
        "the fee key {key} of the file has given the index {index}, which no key has: the file is damaged, take an older backup"
    )]
    FeeKeyIndex {
        /// Its number.
        key: u32,
        /// The index.
        index: KeyIndex,
    },
    /// A web has the work of blocks.
    #[error(
        "stakepool-web runs on this database: stop it (every instance) and import then, or look first with --dry-run"
    )]
    WebRuns,
    /// Others change the same rows.
    #[error("the fee key was changed by another program at the same time: stop that, and import again")]
    Contended,
}
