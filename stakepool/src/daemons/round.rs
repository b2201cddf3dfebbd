//! One round with a daemon, and why it failed.

use std::future::Future;
use std::time::Duration;

use stakepool_core::ports::{DaemonError, StoreError};
use tokio::time::timeout;

use crate::daemons::legacy_lists::ListError;

/// Why one round with a daemon failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoundError {
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lists(#[from] ListError),
    #[error("it did not answer within {0:?}")]
    Silent(Duration),
}

impl RoundError {
    /// Whether the daemon answered all the same: with a failure, or so that the failure is another's.
    pub(super) const fn is_answer(&self) -> bool {
        !matches!(self, Self::Daemon(DaemonError::Unreachable { .. }) | Self::Silent(_))
    }
}

/// What a daemon answers within a time.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, DaemonError>>,
) -> Result<T, RoundError> {
    Ok(timeout(limit, call).await.map_err(|_| RoundError::Silent(limit))??)
}
