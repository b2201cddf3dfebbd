//! A daemon behind its port, and how a call reaches it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use stakepool_core::call_figures::CallFigures;
use stakepool_core::ports::DaemonError;
use stakepool_core::reloadable::Reloadable;
use tokio::time::{Instant, timeout};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::channel::Target;
use super::failure;
use super::options::{ClientError, ClientOptions, DaemonClientLimits};
use crate::grpc::generated::pool_daemon::pool_daemon_client::PoolDaemonClient;
use crate::grpc::generated::stakepoolrpc::stakepoold_service_client::StakepooldServiceClient;
use crate::grpc::token::RpcToken;
use crate::grpc::wire::MAX_MESSAGE;
use crate::meter::Meter;

/// How often a call is tried where its failure is one that passes.
const ATTEMPTS: u32 = 3;

/// What a single attempt of a call needs.
pub(super) struct Line {
    pub(super) channel: Channel,
    authorization: Option<AsciiMetadataValue>,
}

impl Line {
    pub(super) fn own(&self) -> PoolDaemonClient<Channel> {
        PoolDaemonClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(super) fn old(&self) -> StakepooldServiceClient<Channel> {
        StakepooldServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }
}

/// A voting daemon: ours, or the predecessor's with what that offers.
///
/// ```no_run
/// use stakepool_core::ports::{EventCursor, VotingDaemon};
/// use stakepool_rpc::grpc::RpcToken;
/// use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
///
/// async fn follow() -> Result<(), Box<dyn std::error::Error>> {
///     let certificate = std::fs::read("voter1.cert")?; // a copy of the daemon's rpc.cert
///     let options = ClientOptions::new("voter1.example.org:9113", certificate)
///         .with_token(RpcToken::new("the-secret-of-web-and-daemon")?);
///     let daemon = DaemonClient::new(options)?;
///     println!("{:?}", daemon.status().await?.synced_height);
///     let mut seen = EventCursor::default();
///     loop {
///         // Waits for the first event; where there is none in time, the batch is empty.
///         let batch = daemon.events(seen).await?;
///         seen = batch.next;
///         println!("{} events, snapshot: {}", batch.events.len(), batch.snapshot);
///     }
/// }
/// ```
///
/// Connects at the first call, and again at the first call after a connection broke. Any number of calls can be under
/// way. Every call ends within its limit.
#[derive(Debug)]
pub struct DaemonClient {
    pub(super) name: String,
    target: Target,
    pub(super) limits: DaemonClientLimits,
    /// The value of the metadata `authorization`, marked as sensitive.
    authorization: Reloadable<Option<AsciiMetadataValue>>,
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
        let authorization = token.as_ref().and_then(authorization).into();
        Ok(Self { name: address, target, limits, authorization, channel: OnceLock::new(), meter: Meter::default() })
    }

    /// Expects another certificate (PEM, or several of which one must be shown) from the next connection on: the daemon's
    /// was renewed. A connection that stands goes on.
    ///
    /// # Errors
    /// [`ClientError`] where it is no certificate. Then the old one is expected.
    pub fn expect_certificate(&self, certificate: &[u8]) -> Result<(), ClientError> {
        self.target.expect_certificate(&self.name, certificate)
    }

    /// Shows another token, or none, with every call from now on.
    pub fn show_token(&self, token: Option<&RpcToken>) {
        self.authorization.set(token.and_then(authorization));
    }

    /// How long the calls of each method took since the start, tries of one call together, and how many failed. The
    /// time of `Events` is mostly the daemon's waiting for one.
    pub fn call_figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.meter.figures()
    }

    /// Calls a method, again where the failure is one that passes, and all of it within `limit`.
    pub(super) async fn call<T, F>(
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
                match attempt(Line { channel, authorization: (*self.authorization.get()).clone() }).await {
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
        let took = began.elapsed();
        self.meter.count(method, took, result.is_err());
        tracing::trace!(daemon = %self.name, method, millis = took.as_millis(), failed = result.is_err(), "called");
        result
    }
}

/// The metadata that carries a token, marked as sensitive.
fn authorization(token: &RpcToken) -> Option<AsciiMetadataValue> {
    // A token has nothing but visible ASCII characters.
    let mut value = AsciiMetadataValue::try_from(token.header()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
