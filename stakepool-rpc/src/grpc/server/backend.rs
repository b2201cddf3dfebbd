//! What a daemon must be able to do to be served.

use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{BlockHeight, Network};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{DaemonStatus, EventBatch, EventCursor, LowFeeEntry};
use stakepool_core::reports::BlockFacts;
use tonic::Status;

/// How many users a daemon takes at most, where it says nothing else.
const MOST_USERS: usize = 100_000;

/// How many users a daemon takes that is configured for so many: not just as many, since one whose maxusers is smaller than the
/// web's must take all users.
pub(crate) const fn users_allowed(configured: usize) -> usize {
    let twice = configured.saturating_mul(2);
    if twice > MOST_USERS { twice } else { MOST_USERS }
}

/// Why a daemon does not do what a call asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Not yet: it is still starting, say. The same call may succeed later.
    #[error("{0}")]
    NotReady(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

impl From<BackendError> for Status {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::NotReady(reason) => Self::unavailable(reason),
            BackendError::Failed(reason) => Self::internal(reason),
        }
    }
}

/// A daemon behind the services. A call may be dropped at any time, when its client hangs up; what it changes must
/// be changed as a whole or not at all.
#[async_trait]
pub trait DaemonBackend: Send + Sync + 'static {
    /// The network whose addresses are accepted.
    fn network(&self) -> Network;

    /// How many users it takes at most: far more than the pool has, so that nobody who may call can fill its memory.
    fn most_users(&self) -> usize {
        MOST_USERS
    }

    /// The daemon's state.
    async fn status(&self) -> Result<DaemonStatus, BackendError>;

    /// Replaces users and added tickets together.
    async fn put_desired(&self, desired: DesiredState) -> Result<(), BackendError>;

    /// Replaces all users (the predecessor's `SetUserVotingPrefs`). Of two entries with one address the later counts.
    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError>;

    /// Replaces all added tickets (the predecessor's `SetAddedLowFeeTickets`). Of two entries the later counts.
    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError>;

    /// Events behind a place; waits for the first where there is none yet, but not longer than `wait`: then an empty
    /// batch is the answer, and so it is at once where the status changed so that it is worth a look.
    async fn events(&self, after: EventCursor, wait: Duration) -> Result<EventBatch, BackendError>;

    /// Tickets that the daemon would vote.
    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError>;

    /// Tickets that the daemon ignores.
    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError>;

    /// Blocks of the best chain at these heights; those that it does not have are left out.
    async fn blocks(&self, heights: Vec<BlockHeight>) -> Result<Vec<BlockFacts>, BackendError>;

    /// Tickets that an administrator added.
    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError>;
}
