//! How to reach a daemon.

use std::time::Duration;

use crate::grpc::token::RpcToken;
use crate::tls::{KeyPair, TlsError};

/// How to reach a daemon.
///
/// ```
/// use stakepool_rpc::grpc::RpcToken;
/// use stakepool_rpc::grpc::client::ClientOptions;
///
/// let token = RpcToken::new("the-secret-of-web-and-daemon")?;
/// let certificate = "-----BEGIN CERTIFICATE-----…"; // the daemon's rpc.cert
/// let options = ClientOptions::new("voter1.example.org:9113", certificate).with_token(token);
/// # Ok::<(), stakepool_rpc::grpc::RpcTokenError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    pub limits: DaemonClientLimits,
}

impl ClientOptions {
    /// A daemon at an address, which must show one of the certificates (PEM). Without token and certificate of our
    /// own only the predecessor's calls can succeed.
    pub fn new(address: impl Into<String>, certificate: impl Into<Vec<u8>>) -> Self {
        Self {
            address: address.into(),
            certificate: certificate.into(),
            token: None,
            identity: None,
            limits: DaemonClientLimits::default(),
        }
    }

    /// The same with a token, or without one.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Option<RpcToken>>) -> Self {
        self.token = token.into();
        self
    }

    /// The same with a certificate of our own, or without one.
    #[must_use]
    pub fn with_identity(mut self, identity: impl Into<Option<KeyPair>>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The same with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: DaemonClientLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// How long things may take before a daemon counts as unreachable.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DaemonClientLimits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// A call with a short answer.
    pub call: Duration,
    /// A call that carries everything: all users, all tickets, all events.
    pub transfer: Duration,
    /// How long the daemon is asked to wait for an event; the call may take as much longer as a transfer.
    pub event_wait: Duration,
}

impl Default for DaemonClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            transfer: Duration::from_secs(60),
            event_wait: Duration::from_secs(25),
        }
    }
}

impl DaemonClientLimits {
    /// The same with another time for a connection.
    #[must_use]
    pub const fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// The same with another time for a call with a short answer.
    #[must_use]
    pub const fn with_call(mut self, call: Duration) -> Self {
        self.call = call;
        self
    }

    /// The same with another time for a call that carries everything.
    #[must_use]
    pub const fn with_transfer(mut self, transfer: Duration) -> Self {
        self.transfer = transfer;
        self
    }

    /// The same with another time that the daemon waits for an event.
    #[must_use]
    pub const fn with_event_wait(mut self, event_wait: Duration) -> Self {
        self.event_wait = event_wait;
        self
    }
}

/// Why options cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
