//! An engine of this process behind the services.

use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{BlockHeight, Network};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon};
use stakepool_core::reports::BlockFacts;
use stakepool_core::voting::LocalDaemon;

use super::backend::{BackendError, DaemonBackend, users_allowed};

impl From<DaemonError> for BackendError {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::NotReady { reason, .. } => Self::NotReady(reason),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[async_trait]
impl DaemonBackend for LocalDaemon {
    fn network(&self) -> Network {
        Self::network(self)
    }

    fn most_users(&self) -> usize {
        users_allowed(self.configured_users())
    }

    async fn status(&self) -> Result<DaemonStatus, BackendError> {
        Ok(VotingDaemon::status(self).await?)
    }

    async fn put_desired(&self, desired: DesiredState) -> Result<(), BackendError> {
        self.put(desired).await;
        Ok(())
    }

    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError> {
        self.engine().set_users(users);
        Ok(())
    }

    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError> {
        self.engine().set_added(added);
        Ok(())
    }

    async fn events(&self, after: EventCursor, wait: Duration) -> Result<EventBatch, BackendError> {
        Ok(self.events_within(after, wait).await)
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(VotingDaemon::live_tickets(self).await?)
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        Ok(VotingDaemon::ignored_tickets(self).await?)
    }

    async fn blocks(&self, heights: Vec<BlockHeight>) -> Result<Vec<BlockFacts>, BackendError> {
        Ok(VotingDaemon::blocks(self, &heights).await?)
    }

    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        let desired = self.engine().desired();
        Ok(desired.added().map(|entry| LowFeeEntry { ticket: entry.ticket, address: entry.address }).collect())
    }
}
