//! How to reach a daemon.

use std::time::Duration;

use crate::grpc::token::RpcToken;
use crate::tls::{KeyPair, TlsError};

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
