//! The single calls of both services.

use stakepool_core::chain::BlockHeight;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, MOST_BLOCKS};
use stakepool_core::reports::BlockFacts;
use stakepool_core::sanitize::one_line;

use super::connection::DaemonClient;
use crate::grpc::convert::{
    EventCollector, FieldError, added_into_old, entries_from_old, users_into_old, wanted_into_pieces,
};
use crate::grpc::generated::stakepoolrpc::version_service_client::VersionServiceClient;
use crate::grpc::generated::{pool_daemon as own, stakepoolrpc as old};
use crate::grpc::wire::{LONGEST_WORDS, MAX_STATUS};

impl DaemonClient {
    fn garbled(&self, error: FieldError) -> DaemonError {
        DaemonError::Failed { daemon: self.name.clone(), reason: format!("its answer cannot be understood: {error}") }
    }

    /// The version of the predecessor's service, from every daemon.
    ///
    /// # Errors
    /// [`DaemonError`], as all calls.
    pub async fn service_version(&self) -> Result<String, DaemonError> {
        self.call("Version", self.limits.call, |line| async move {
            let mut service = VersionServiceClient::new(line.channel.clone());
            let version = service.version(line.request(old::VersionRequest {})).await?.into_inner();
            Ok(one_line(&version.version_string, LONGEST_WORDS))
        })
        .await
    }

    /// Asks the daemon for a sign of life.
    ///
    /// # Errors
    /// [`DaemonError`], as all calls.
    pub async fn ping(&self) -> Result<(), DaemonError> {
        self.call("Ping", self.limits.call, |line| async move {
            line.old().ping(line.request(old::PingRequest {})).await.map(|_| ())
        })
        .await
    }

    /// Tickets that the daemon votes because an administrator added them.
    ///
    /// # Errors
    /// [`DaemonError`], as all calls.
    pub async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        let tickets = self
            .call("GetAddedLowFeeTickets", self.limits.transfer, |line| async move {
                let request = line.request(old::GetAddedLowFeeTicketsRequest {});
                Ok(line.old().get_added_low_fee_tickets(request).await?.into_inner().tickets)
            })
            .await?;
        self.entries(&tickets)
    }

    pub(super) async fn old_live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        let tickets = self
            .call("GetLiveTickets", self.limits.transfer, |line| async move {
                let request = line.request(old::GetLiveTicketsRequest {});
                Ok(line.old().get_live_tickets(request).await?.into_inner().tickets)
            })
            .await?;
        self.entries(&tickets)
    }

    pub(super) async fn old_ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        let tickets = self
            .call("GetIgnoredLowFeeTickets", self.limits.transfer, |line| async move {
                let request = line.request(old::GetIgnoredLowFeeTicketsRequest {});
                Ok(line.old().get_ignored_low_fee_tickets(request).await?.into_inner().tickets)
            })
            .await?;
        self.entries(&tickets)
    }

    fn entries(&self, tickets: &[old::TicketEntry]) -> Result<Vec<LowFeeEntry>, DaemonError> {
        entries_from_old(tickets, None).map_err(|error| self.garbled(error))
    }

    /// Users first, so that an added ticket never belongs to an unknown user.
    pub(super) async fn put_old(&self, desired: &DesiredState) -> Result<(), DaemonError> {
        self.call("SetUserVotingPrefs", self.limits.transfer, |line| async move {
            let user_voting_config = users_into_old(desired.users());
            let request = line.request(old::SetUserVotingPrefsRequest { user_voting_config });
            line.old().set_user_voting_prefs(request).await.map(|_| ())
        })
        .await?;
        self.call("SetAddedLowFeeTickets", self.limits.transfer, |line| async move {
            let tickets = added_into_old(desired.added());
            let request = line.request(old::SetAddedLowFeeTicketsRequest { tickets });
            line.old().set_added_low_fee_tickets(request).await.map(|_| ())
        })
        .await
    }

    pub(super) async fn put_own(&self, desired: &DesiredState) -> Result<(), DaemonError> {
        self.call("PutWanted", self.limits.transfer, |line| async move {
            let request = line.request(tokio_stream::iter(wanted_into_pieces(desired)));
            line.own().put_wanted(request).await.map(|_| ())
        })
        .await
    }

    pub(super) async fn own_status(&self) -> Result<DaemonStatus, DaemonError> {
        let status = self
            .call("GetStatus", self.limits.call, |line| async move {
                let mut service = line.own().max_decoding_message_size(MAX_STATUS);
                Ok(service.get_status(line.request(own::GetStatusRequest {})).await?.into_inner())
            })
            .await?;
        status.try_into().map_err(|error| self.garbled(error))
    }

    pub(super) async fn own_blocks(&self, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, DaemonError> {
        let heights: Vec<u32> = heights.iter().take(MOST_BLOCKS).map(|height| height.0).collect();
        let blocks = self
            .call("GetBlocks", self.limits.transfer, |line| {
                let request = line.request(own::GetBlocksRequest { heights: heights.clone() });
                async move { Ok(line.own().get_blocks(request).await?.into_inner().blocks) }
            })
            .await?;
        let read = blocks.into_iter().take(MOST_BLOCKS).map(TryInto::try_into);
        read.collect::<Result<_, FieldError>>().map_err(|error| self.garbled(error))
    }

    pub(super) async fn own_events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        let wait = self.limits.event_wait;
        let message = own::EventsRequest {
            after: Some(after.into()),
            wait_seconds: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
            takes_key_tickets: true,
        };
        let batch = self
            .call("Events", wait.saturating_add(self.limits.transfer), |line| async move {
                let mut pieces = line.own().events(line.request(message)).await?.into_inner();
                let mut collector = EventCollector::default();
                while let Some(piece) = pieces.message().await? {
                    match collector.take(piece) {
                        Ok(None) => {}
                        Ok(Some(batch)) => return Ok(Ok(batch)),
                        Err(error) => return Ok(Err(error)),
                    }
                }
                Ok(Err(EventCollector::broken_off()))
            })
            .await?;
        batch.map_err(|error| self.garbled(error))
    }
}
