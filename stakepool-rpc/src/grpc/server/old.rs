//! The predecessor's service, version 4.0.0.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::backend::DaemonBackend;
use crate::grpc::convert::{added_from_old, entries_into_old, users_from_old};
use crate::grpc::generated::stakepoolrpc as pb;
use pb::stakepoold_service_server::StakepooldService;
use pb::version_service_server::VersionService;

/// The version of the predecessor's service; its clients insist on the first number.
pub(super) struct Version;

#[tonic::async_trait]
impl VersionService for Version {
    async fn version(&self, _: Request<pb::VersionRequest>) -> Result<Response<pb::VersionResponse>, Status> {
        Ok(Response::new(pb::VersionResponse {
            version_string: "4.0.0".to_owned(),
            major: 4,
            minor: 0,
            patch: 0,
            prerelease: String::new(),
            build_metadata: String::new(),
        }))
    }
}

pub(super) struct OldService {
    backend: Arc<dyn DaemonBackend>,
}

impl OldService {
    pub(super) const fn new(backend: Arc<dyn DaemonBackend>) -> Self {
        Self { backend }
    }
}

#[tonic::async_trait]
impl StakepooldService for OldService {
    async fn get_added_low_fee_tickets(
        &self,
        _: Request<pb::GetAddedLowFeeTicketsRequest>,
    ) -> Result<Response<pb::GetAddedLowFeeTicketsResponse>, Status> {
        let tickets = entries_into_old(self.backend.added_tickets().await?);
        Ok(Response::new(pb::GetAddedLowFeeTicketsResponse { tickets }))
    }

    async fn get_ignored_low_fee_tickets(
        &self,
        _: Request<pb::GetIgnoredLowFeeTicketsRequest>,
    ) -> Result<Response<pb::GetIgnoredLowFeeTicketsResponse>, Status> {
        let tickets = entries_into_old(self.backend.ignored_tickets().await?);
        Ok(Response::new(pb::GetIgnoredLowFeeTicketsResponse { tickets }))
    }

    async fn get_live_tickets(
        &self,
        _: Request<pb::GetLiveTicketsRequest>,
    ) -> Result<Response<pb::GetLiveTicketsResponse>, Status> {
        let tickets = entries_into_old(self.backend.live_tickets().await?);
        Ok(Response::new(pb::GetLiveTicketsResponse { tickets }))
    }

    async fn ping(&self, _: Request<pb::PingRequest>) -> Result<Response<pb::PingResponse>, Status> {
        Ok(Response::new(pb::PingResponse {}))
    }

    async fn set_added_low_fee_tickets(
        &self,
        request: Request<pb::SetAddedLowFeeTicketsRequest>,
    ) -> Result<Response<pb::SetAddedLowFeeTicketsResponse>, Status> {
        let added = added_from_old(&request.get_ref().tickets, self.backend.network())?;
        self.backend.set_added(added).await?;
        Ok(Response::new(pb::SetAddedLowFeeTicketsResponse {}))
    }

    async fn set_user_voting_prefs(
        &self,
        request: Request<pb::SetUserVotingPrefsRequest>,
    ) -> Result<Response<pb::SetUserVotingPrefsResponse>, Status> {
        let users = users_from_old(&request.get_ref().user_voting_config, self.backend.network())?;
        self.backend.set_users(users).await?;
        Ok(Response::new(pb::SetUserVotingPrefsResponse {}))
    }
}
