//! Why a daemon does not run.

use stakepool_core::chain::HdKeyError;
use stakepool_core::voting::EngineError;
use stakepool_rpc::daemon::{self, OwnerError, PeerError};
use stakepool_rpc::grpc::server::ServeError;
use stakepool_rpc::json::ConfigError;
use stakepool_rpc::tls::TlsError;

/// Why the daemon cannot run, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StakepooldError {
    /// A node or wallet is the wrong one.
    #[error(transparent)]
    Peer(#[from] PeerError),
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
    /// Voting or serving ended.
    #[error(transparent)]
    Run(#[from] daemon::RunError),
    /// The data directory is another daemon's.
    #[error(transparent)]
    Owner(#[from] OwnerError),
}
