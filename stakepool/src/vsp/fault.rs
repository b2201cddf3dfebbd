//! Why a request is not done: it is refused, or something on our side failed.

use stakepool_core::log_throttle::LogThrottle;
use stakepool_core::ports::{NodeError, StoreError};
use stakepool_core::vsp::{Code, FeeKeyError, Refusal};
use tokio::time::Instant;

use super::vault::VaultError;

/// Why a request is not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The client's.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node's.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Of what lies sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Of the fee key.
    #[error(transparent)]
    FeeKey(#[from] FeeKeyError),
    /// A proof cannot be made.
    #[error("{0}")]
    Proof(String),
    /// Others changed the same ticket again and again.
    #[error("a ticket was changed by others each time that it was to be changed")]
    Contended,
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl Fault {
    /// What the client reads. Failures of our side are logged, and not told to strangers.
    pub(super) fn into_refusal(self, what: &'static str) -> Refusal {
        static LINES: LogThrottle = LogThrottle::new();
        match self {
            Self::Refused(refusal) => refusal,
            error => {
                if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
                    tracing::error!(%error, what, unsaid, "a request of a wallet of today could not be done");
                }
                Code::InternalError.into()
            }
        }
    }
}
