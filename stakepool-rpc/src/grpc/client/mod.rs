//! The web's side: a voting daemon behind its port.

mod calls;
mod channel;
mod failure;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;

use super::RpcToken;
use crate::meter::{CallFigures, Meter};
use crate::tls::{KeyPair, TlsError};
use channel::Target;

/// How to reach a daemon.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Host and port: `voter1.example.org:9113`, `[2001:db8::7]:9113`.
    pub address: String,
    /// The daemon's certificate (PEM; several are allowed, one of which it must show).
    pub certificate: Vec<u8>,
    /// The token that the daemon asks for.
    pub token: Option<RpcToken>,
    /// Our own certificate, for daemons that ask for one.
    pub identity: Option<KeyPair>,
    /// How long things may take.
    pub limits: Limits,
}

/// How long things may take before a daemon counts as unreachable.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// A call with a short answer.
    pub call: Duration,
    /// A call that carries everything: all users, all tickets, all events.
    pub transfer: Duration,
    /// How long the daemon is asked to wait for an event; the call may take as much longer as a transfer.
    pub event_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            transfer: Duration::from_secs(60),
            event_wait: Duration::from_secs(25),
        }
    }
}

/// Why options cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address cannot be dialled.
    #[error("`{0}` is not the address of a daemon: host and port are expected, such as localhost:9113")]
    Address(String),
    /// The certificates cannot be used.
    #[error("the certificate for the voting daemon {address}: {source}")]
    Tls {
        /// The daemon's address.
        address: String,
        /// What is wrong.
        #[source]
        source: TlsError,
    },
}

/// A voting daemon: ours, or the predecessor's with what that offers.
///
/// Connects at the first call, and again at the first call after a connection broke. Any number of calls can be under
/// way. Every call ends within its limit.
#[derive(Debug)]
pub struct DaemonClient {
    name: String,
    target: Target,
    limits: Limits,
    /// The value of the metadata `authorization`, marked as sensitive.
    authorization: Option<AsciiMetadataValue>,
    /// Made at the first call, since it needs a runtime.
    channel: OnceLock<Channel>,
    meter: Meter,
}

impl DaemonClient {
    /// A client; nothing is dialled yet.
    ///
    /// # Errors
    /// [`ClientError`] for options that can never work.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let ClientOptions { address, certificate, token, identity, limits } = options;
        let target = Target::new(&address, &certificate, identity, limits.connect)?;
        let authorization = token.and_then(|token| {
            // A token has nothing but visible ASCII characters.
            let mut value = AsciiMetadataValue::try_from(token.header()).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Ok(Self { name: address, target, limits, authorization, channel: OnceLock::new(), meter: Meter::default() })
    }

    /// How long the calls of each method took since the start, tries of one call together, and how many failed. The
    /// time of `Events` is mostly the daemon's waiting for one.
    pub fn call_figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.meter.figures()
    }
}

#[async_trait]
impl VotingDaemon for DaemonClient {
    fn name(&self) -> &str {
        &self.name
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        self.own_status().await
    }

    async fn put_desired(&self, wanted: &DesiredState) -> Result<(), DaemonError> {
        match self.put_own(wanted).await {
            // The predecessor's daemon, or one of ours without a token: the old calls may be open. Where a wrong token
            // is the reason, they are refused just the same.
            Err(DaemonError::Unsupported { .. } | DaemonError::Unauthorized { .. }) => self.put_old(wanted).await,
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
}
