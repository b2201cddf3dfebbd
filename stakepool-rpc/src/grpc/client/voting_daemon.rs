//! The daemon as the pool's logic sees it.

use async_trait::async_trait;
use stakepool_core::chain::BlockHeight;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon};
use stakepool_core::reports::BlockFacts;

use super::connection::DaemonClient;

#[async_trait]
impl VotingDaemon for DaemonClient {
    fn name(&self) -> &str {
        &self.name
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        self.own_status().await
    }

    async fn put_desired(&self, desired: &DesiredState) -> Result<(), DaemonError> {
        match self.put_own(desired).await {
            // The predecessor's daemon, or one of ours without a token: the old calls may be open. Where a wrong token
            // is the reason, they are refused just the same.
            Err(DaemonError::Unsupported { .. } | DaemonError::Unauthorized { .. }) => self.put_old(desired).await,
            done => done,
        }
    }

    async fn events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        self.own_events(after).await
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        self.old_live_tickets().await
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        self.old_ignored_tickets().await
    }

    async fn blocks(&self, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, DaemonError> {
        self.own_blocks(heights).await
    }
}
