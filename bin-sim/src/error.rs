//! What can go wrong with a rehearsal.

use std::io;
use std::path::PathBuf;

use stakepool_rpc::tls::TlsError;
use stakepool_sim::SimError;

/// Why a rehearsal cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RehearsalError {
    /// The network.
    #[error(transparent)]
    Network(#[from] SimError),
    /// A daemon's certificate.
    #[error(transparent)]
    Certificate(#[from] TlsError),
    /// A file or folder.
    #[error("{} cannot be written: {error}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// There is no free port.
    #[error("no port of this computer is free: {0}")]
    Port(#[source] io::Error),
}

/// Names the path in an error of the system.
pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RehearsalError {
    let path = path.into();
    |error| RehearsalError::File { path, error }
}
