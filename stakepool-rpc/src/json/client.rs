//! A handle for calls, whatever the state of the connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use stakepool_core::call_figures::CallFigures;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::config::{CallLimits, ConfigError, ServerConfig};
use super::connection::{Status, Task};
use super::dial::{Dial, TlsDialer, pinned};
use super::error::RpcError;
use super::identity::{Identity, ServerKind};
use super::link::Link;
use super::notifications::Subscriber;
use crate::meter::Meter;
use crate::tls::Connector;

/// The parameters of a method that takes none.
pub const NO_PARAMS: [(); 0] = [];

/// Calls to a server that may be under way at once. A node takes 20; some are kept free for votes, so that these never
/// queue behind anything.
const ORDINARY_CALLS: usize = 10;
const URGENT_CALLS: usize = 6;

/// Makes calls. Dropping it ends the connection's task.
pub(super) struct Client {
    name: Arc<str>,
    limits: CallLimits,
    status: watch::Receiver<Status>,
    connections: watch::Receiver<u64>,
    ordinary: Semaphore,
    urgent: Semaphore,
    meter: Meter,
    /// Of a real server.
    connector: Option<Connector>,
}

impl Client {
    /// Starts to connect to a real server in the background. Must be called within a tokio runtime.
    pub(super) fn connect(
        config: &ServerConfig,
        kind: Option<ServerKind>,
        subscriber: Option<Subscriber>,
    ) -> Result<Self, ConfigError> {
        let dialer = TlsDialer::new(config)?;
        let connector = Some(dialer.connector());
        let client = Self::start(config.host.as_str().into(), config.limits, dialer, kind, subscriber);
        Ok(Self { connector, ..client })
    }

    /// Expects the certificate of `config` from the next connection on.
    pub(super) fn expect_certificate(&self, config: &ServerConfig) -> Result<(), ConfigError> {
        let tls = pinned(config)?;
        if let Some(connector) = &self.connector {
            connector.replace(tls);
        }
        Ok(())
    }

    pub(super) fn start(
        name: Arc<str>,
        limits: CallLimits,
        dialer: impl Dial,
        kind: Option<ServerKind>,
        subscriber: Option<Subscriber>,
    ) -> Self {
        let (sender, status) = watch::channel(Status::Connecting(None));
        let (counter, connections) = watch::channel(0);
        let task = Task { name: Arc::clone(&name), dialer, kind, subscriber, limits, status: sender, counter };
        tokio::spawn(task.run());
        let (ordinary, urgent) = (Semaphore::new(ORDINARY_CALLS), Semaphore::new(URGENT_CALLS));
        Self { name, limits, status, connections, ordinary, urgent, meter: Meter::default(), connector: None }
    }

    /// How long the calls of each method took since the start, and how many failed.
    pub(super) fn figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.meter.figures()
    }

    /// Host and port.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Why there is no connection; `None` while there is one, and before the first attempt has ended.
    pub(super) fn last_error(&self) -> Option<RpcError> {
        match &*self.status.borrow() {
            Status::Up(..) => None,
            Status::Connecting(error) => error.clone(),
            Status::Down(error) => Some(error.clone()),
        }
    }

    /// How many connections have stood so far. It grows before the first call is made over a new one.
    pub(super) fn connections(&self) -> u64 {
        *self.connections.borrow()
    }

    /// Waits until there have been more connections than `known`.
    pub(super) async fn connected_again(&self, known: u64) {
        if self.connections.clone().wait_for(|connections| *connections > known).await.is_err() {
            // The task has ended, and with it the program.
            std::future::pending().await
        }
    }

    /// What the server is.
    pub(super) async fn identity(&self) -> Result<Arc<Identity>, RpcError> {
        self.up().await.map(|(_, identity)| identity)
    }

    /// Makes a call and reads its answer.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: impl Serialize,
    ) -> Result<T, RpcError> {
        let params = serde_json::to_string(&params).map_err(|error| RpcError::unexpected(method, error))?;
        let limit = self.limits.of(method);
        let began = Instant::now();
        let answer = timeout(limit, self.raw(method, params)).await;
        let result = answer.unwrap_or(Err(RpcError::Timeout { method, limit }));
        let failed = result.as_ref().is_err_and(|error| !error.is_an_answer());
        let took = began.elapsed();
        self.meter.count(method, took, failed);
        tracing::trace!(server = %self.name, method, millis = took.as_millis(), failed, "called");
        let result = result?;
        // Long lists are read here, in the caller's task, not in the one that carries everybody's messages.
        serde_json::from_str(result.get()).map_err(|error| RpcError::unexpected(method, error))
    }

    /// Makes a call whose answer says nothing.
    pub(super) async fn command(&self, method: &'static str, params: impl Serialize) -> Result<(), RpcError> {
        self.call::<IgnoredAny>(method, params).await.map(drop)
    }

    async fn raw(&self, method: &'static str, params: String) -> Result<Box<RawValue>, RpcError> {
        let lane = match method {
            "generatevote" | "signrawtransaction" | "sendrawtransaction" | "rebroadcastwinners" => &self.urgent,
            _ => &self.ordinary,
        };
        let (link, _) = self.up().await?;
        let Ok(_permit) = lane.acquire().await else { return Err(self.lost()) };
        match link.call(method, params).await {
            Some(Ok(result)) => Ok(result),
            Some(Err(error)) => Err(RpcError::said(method, &error)),
            None => Err(self.lost()),
        }
    }

    /// The connection, waiting a short while for one that is just being made.
    async fn up(&self) -> Result<(Link, Arc<Identity>), RpcError> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| !matches!(status, Status::Connecting(_)));
        let status = match timeout(self.limits.wait_for_connection, settled).await {
            Ok(Ok(status)) => Status::clone(&status),
            Ok(Err(_)) | Err(_) => return Err(self.lost()),
        };
        match status {
            Status::Up(link, identity) => Ok((link, identity)),
            Status::Down(error) => Err(error),
            Status::Connecting(_) => Err(self.lost()),
        }
    }

    fn lost(&self) -> RpcError {
        self.last_error().unwrap_or_else(|| RpcError::Unreachable("the connection is still being made".to_owned()))
    }
}
