//! The single calls of both services.

use std::time::Duration;

use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry};
use tokio::time::{Instant, timeout};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::{DaemonClient, failure};
use crate::grpc::MAX_MESSAGE;
use crate::grpc::convert::{
    FieldError, added_into_old, batch_from_pieces, entries_from_old, users_into_old, wanted_into_pieces,
};
use crate::grpc::generated::pool_daemon::pool_daemon_client::PoolDaemonClient;
use crate::grpc::generated::stakepoolrpc::stakepoold_service_client::StakepooldServiceClient;
use crate::grpc::generated::stakepoolrpc::version_service_client::VersionServiceClient;
use crate::grpc::generated::{pool_daemon as own, stakepoolrpc as old};

/// How often a call is tried where its failure is one that passes.
const ATTEMPTS: u32 = 3;

/// What a single attempt of a call needs.
struct Line {
    channel: Channel,
    authorization: Option<AsciiMetadataValue>,
}

impl Line {
    fn own(&self) -> PoolDaemonClient<Channel> {
        PoolDaemonClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    fn old(&self) -> StakepooldServiceClient<Channel> {
        StakepooldServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }
}

impl DaemonClient {
    /// Calls a method, again where the failure is one that passes, and all of it within `limit`.
    async fn call<T, F>(
        &self,
        method: &'static str,
        limit: Duration,
        attempt: impl Fn(Line) -> F,
    ) -> Result<T, DaemonError>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let attempts = async {
            let mut tried = 1;
            loop {
                let channel = self.channel.get_or_init(|| self.target.channel()).clone();
                match attempt(Line { channel, authorization: self.authorization.clone() }).await {
                    Err(status) if tried < ATTEMPTS && failure::is_passing(&status) => {
                        tracing::debug!(daemon = self.name, %status, tried, "trying a gRPC call again");
                        tried += 1;
                    }
                    done => return done.map_err(|status| failure::from_status(&self.name, &status)),
                }
            }
        };
        let began = Instant::now();
        let result = timeout(limit, attempts).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} seconds", limit.as_secs_f32());
            Err(DaemonError::Unreachable { daemon: self.name.clone(), reason })
        });
        self.meter.count(method, began.elapsed(), result.is_err());
        result
    }

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
            Ok(service.version(line.request(old::VersionRequest {})).await?.into_inner().version_string)
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

    /// Users first, so that an added ticket never belongs to somebody unknown.
    pub(super) async fn put_old(&self, wanted: &DesiredState) -> Result<(), DaemonError> {
        self.call("SetUserVotingPrefs", self.limits.transfer, |line| async move {
            let user_voting_config = users_into_old(wanted.users());
            let request = line.request(old::SetUserVotingPrefsRequest { user_voting_config });
            line.old().set_user_voting_prefs(request).await.map(|_| ())
        })
        .await?;
        self.call("SetAddedLowFeeTickets", self.limits.transfer, |line| async move {
            let tickets = added_into_old(wanted.added());
            let request = line.request(old::SetAddedLowFeeTicketsRequest { tickets });
            line.old().set_added_low_fee_tickets(request).await.map(|_| ())
        })
        .await
    }

    pub(super) async fn put_own(&self, wanted: &DesiredState) -> Result<(), DaemonError> {
        self.call("PutWanted", self.limits.transfer, |line| async move {
            let request = line.request(tokio_stream::iter(wanted_into_pieces(wanted)));
            line.own().put_wanted(request).await.map(|_| ())
        })
        .await
    }

    pub(super) async fn own_status(&self) -> Result<DaemonStatus, DaemonError> {
        let status = self
            .call("GetStatus", self.limits.call, |line| async move {
                Ok(line.own().get_status(line.request(own::GetStatusRequest {})).await?.into_inner())
            })
            .await?;
        status.try_into().map_err(|error| self.garbled(error))
    }

    pub(super) async fn own_events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        let wait = self.limits.event_wait;
        let message = own::EventsRequest {
            after: Some(after.into()),
            wait_seconds: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
        };
        let (events, end) = self
            .call("Events", wait.saturating_add(self.limits.transfer), |line| async move {
                let mut pieces = line.own().events(line.request(message)).await?.into_inner();
                let (mut events, mut end) = (Vec::new(), None);
                while let Some(piece) = pieces.message().await? {
                    events.extend(piece.events);
                    end = piece.end.or(end);
                }
                Ok((events, end))
            })
            .await?;
        batch_from_pieces(events, end).map_err(|error| self.garbled(error))
    }
}
