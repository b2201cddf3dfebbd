//! Our own service.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use stakepool_core::chain::{Address, AddressKind, BlockHeight};
use stakepool_core::ports::{EventBatch, EventCursor, MOST_BLOCKS};
use stakepool_core::reports::DaemonEventKind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::{Request, Response, Status, Streaming};

use super::backend::DaemonBackend;
use super::places::place;
use super::stopping::until_stopped;
use crate::grpc::convert::{WantedCollector, batch_into_pieces, cursor};
use crate::grpc::generated::pool_daemon as pb;
use pb::pool_daemon_server::PoolDaemon;

/// The longest that a call waits for an event.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Batches at a time that are made and sent: one that holds all tickets takes tens of megabytes.
const BATCHES: usize = 2;

pub(super) struct OwnService {
    backend: Arc<dyn DaemonBackend>,
    stopping: watch::Receiver<bool>,
    batches: Arc<Semaphore>,
}

impl OwnService {
    pub(super) fn new(backend: Arc<dyn DaemonBackend>, stopping: watch::Receiver<bool>) -> Self {
        Self { backend, stopping, batches: Arc::new(Semaphore::new(BATCHES)) }
    }

    /// Events that are there already, and the place of one who makes a batch; `None` where there are none yet.
    async fn events_at_once(&self, after: EventCursor) -> Result<Option<(EventBatch, OwnedSemaphorePermit)>, Status> {
        let place = place(&self.batches).await?;
        let batch = self.backend.events(after, Duration::ZERO).await?;
        Ok((batch.snapshot || !batch.events.is_empty()).then_some((batch, place)))
    }

    /// Does something that may take long, but not longer than the server runs.
    async fn while_running<T>(&self, work: impl Future<Output = T>) -> Result<T, Status> {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            done = work => Ok(done),
            () = until_stopped(&mut stopping) => Err(Status::unavailable("the daemon is stopping")),
        }
    }
}

/// Whether something happened to a ticket that votes by a key of its own.
const fn is_of_key_ticket(kind: &DaemonEventKind) -> bool {
    match kind {
        DaemonEventKind::Ticket(report) => report.user.is_none() || is_key(&report.address),
        DaemonEventKind::Vote(record) => is_key(&record.address),
    }
}

const fn is_key(address: &Address) -> bool {
    !matches!(address.kind(), AddressKind::ScriptHash(_))
}

#[tonic::async_trait]
impl PoolDaemon for OwnService {
    async fn get_status(&self, _: Request<pb::GetStatusRequest>) -> Result<Response<pb::DaemonStatus>, Status> {
        Ok(Response::new(self.backend.status().await?.into()))
    }

    async fn put_wanted(
        &self,
        request: Request<Streaming<pb::WantedPiece>>,
    ) -> Result<Response<pb::PutWantedResponse>, Status> {
        let mut pieces = request.into_inner();
        let mut collector = WantedCollector::new(self.backend.network(), self.backend.most_users());
        let digest = loop {
            let piece = self.while_running(pieces.message()).await??;
            let piece = piece.ok_or_else(|| Status::invalid_argument("the pieces ended without the digest"))?;
            if let Some(digest) = collector.take(piece)? {
                break digest;
            }
        };
        self.backend.put_desired(collector.finish(digest)?).await?;
        Ok(Response::new(pb::PutWantedResponse {}))
    }

    async fn get_blocks(
        &self,
        request: Request<pb::GetBlocksRequest>,
    ) -> Result<Response<pb::GetBlocksResponse>, Status> {
        let heights = request.into_inner().heights.into_iter().take(MOST_BLOCKS).map(BlockHeight).collect();
        let blocks = self.while_running(self.backend.blocks(heights)).await??;
        Ok(Response::new(pb::GetBlocksResponse { blocks: blocks.into_iter().map(Into::into).collect() }))
    }

    type EventsStream = Pin<Box<dyn Stream<Item = Result<pb::EventsPiece, Status>> + Send>>;

    async fn events(&self, request: Request<pb::EventsRequest>) -> Result<Response<Self::EventsStream>, Status> {
        let request = request.into_inner();
        let after = request.after.map(cursor).unwrap_or_default();
        let wait = Duration::from_secs(request.wait_seconds.into()).min(MAX_WAIT);
        let (mut batch, place) = match self.while_running(self.events_at_once(after)).await?? {
            Some((batch, place)) => (batch, Some(place)),
            // What comes while one waits for it is little.
            None => (self.while_running(self.backend.events(after, wait)).await??, None),
        };
        if !request.takes_key_tickets {
            // An older web fails at them, and would store nothing any more.
            batch.events.retain(|event| !is_of_key_ticket(&event.kind));
        }
        let pieces = batch_into_pieces(batch).map(move |piece| {
            let _until_sent = &place;
            Ok(piece)
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }
}
