//! A daemon behind the services from its start on: until it has started, every call is answered with what it waits for.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{BlockHeight, Network};
use stakepool_core::desired::{AddedTicket, DesiredState, DesiredUser};
use stakepool_core::ports::{DaemonStatus, EventBatch, EventCursor, LowFeeEntry};
use stakepool_core::reports::BlockFacts;
use stakepool_core::voting::LocalDaemon;

use crate::grpc::server::{BackendError, DaemonBackend, users_allowed};

/// What a daemon that has not started yet waits for, for people.
type WaitsFor = Box<dyn Fn() -> String + Send + Sync>;

/// A daemon that has not started yet, or has.
pub struct Starting {
    network: Network,
    configured_users: usize,
    waits_for: WaitsFor,
    started: OnceLock<Arc<LocalDaemon>>,
}

impl Starting {
    /// A daemon of a network, configured for so many users. Until it has [started](Starting::started), callers are told what
    /// `waits_for` says.
    pub fn new(
        network: Network,
        configured_users: usize,
        waits_for: impl Fn() -> String + Send + Sync + 'static,
    ) -> Arc<Self> {
        let waits_for = Box::new(waits_for);
        Arc::new(Self { network, configured_users, waits_for, started: OnceLock::new() })
    }

    /// Goes on with the daemon. It starts once: a second one is left out.
    pub fn started(&self, daemon: Arc<LocalDaemon>) {
        let _ = self.started.set(daemon);
    }

    /// The daemon, once it has started.
    fn daemon(&self) -> Result<&dyn DaemonBackend, BackendError> {
        match self.started.get() {
            Some(daemon) => Ok(daemon.as_ref()),
            None => Err(BackendError::NotReady((self.waits_for)())),
        }
    }
}

#[async_trait]
impl DaemonBackend for Starting {
    fn network(&self) -> Network {
        self.network
    }

    fn most_users(&self) -> usize {
        users_allowed(self.configured_users)
    }

    async fn status(&self) -> Result<DaemonStatus, BackendError> {
        self.daemon()?.status().await
    }

    async fn put_desired(&self, desired: DesiredState) -> Result<(), BackendError> {
        self.daemon()?.put_desired(desired).await
    }

    async fn set_users(&self, users: Vec<DesiredUser>) -> Result<(), BackendError> {
        self.daemon()?.set_users(users).await
    }

    async fn set_added(&self, added: Vec<AddedTicket>) -> Result<(), BackendError> {
        self.daemon()?.set_added(added).await
    }

    async fn events(&self, after: EventCursor, wait: Duration) -> Result<EventBatch, BackendError> {
        self.daemon()?.events(after, wait).await
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        self.daemon()?.live_tickets().await
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        self.daemon()?.ignored_tickets().await
    }

    async fn blocks(&self, heights: Vec<BlockHeight>) -> Result<Vec<BlockFacts>, BackendError> {
        self.daemon()?.blocks(heights).await
    }

    async fn added_tickets(&self) -> Result<Vec<LowFeeEntry>, BackendError> {
        self.daemon()?.added_tickets().await
    }
}

impl std::fmt::Debug for Starting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Starting").field("started", &self.started.get().is_some()).finish_non_exhaustive()
    }
}
