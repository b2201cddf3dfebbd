//! Why a daemon does not run.

use stakepool_core::chain::{ExtendedPubKey, HdKeyError, Network};
use stakepool_core::voting::EngineError;
use stakepool_rpc::grpc::server::ServeError;
use stakepool_rpc::json::ConfigError;
use stakepool_rpc::tls::TlsError;

/// Why the daemon cannot run, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A node or wallet is of another network.
    #[error(
        "{node} runs on {found}, but this daemon is configured for {expected}: correct `testnet`/`simnet` or the host"
    )]
    WrongNetwork {
        /// The node or wallet.
        node: String,
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
    /// A host, password or certificate cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Fee addresses cannot be derived.
    #[error("coldwalletextpub: {0}")]
    ColdKey(#[from] HdKeyError),
    /// The service cannot be offered.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The service's certificate cannot be used.
    #[error(
        "rpccert and rpckey cannot be used: {0}. Name files in a folder where this program may write, or remove both \
         files to have a new pair made"
    )]
    Tls(#[from] TlsError),
    /// Monitors cannot be served.
    #[error("monitors cannot be served at {at}: {error}; stop what listens there, or change `monitorlisten`")]
    Monitors {
        /// Where.
        at: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is nothing to vote with.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The data directory cannot be used.
    #[error("{path} cannot be used: {reason}; check datadir and its permissions")]
    DataDir {
        /// The file or directory.
        path: String,
        /// Why.
        reason: String,
    },
}
