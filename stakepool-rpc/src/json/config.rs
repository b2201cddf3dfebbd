//! Where a server is, how to sign in, and how long to wait for what.

use std::fmt;
use std::time::Duration;

use crate::peer_address::PeerAddress;
use crate::tls::TlsError;

/// A password. Its `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        Self::new(password)
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self(password)
    }
}

/// A server: an exccd or an exccwallet.
///
/// ```
/// use std::time::Duration;
/// use stakepool_rpc::json::{CallLimits, ServerConfig};
///
/// let certificate = "-----BEGIN CERTIFICATE-----…"; // the server's rpc.cert
/// let limits = CallLimits::default().with_call(Duration::from_secs(3));
/// let wallet = ServerConfig::new("127.0.0.1:9110", "user", "password", certificate).with_limits(limits);
/// assert_eq!(wallet.limits.call, Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Host and port, such as `127.0.0.1:9110` or `[::1]:9110`. Also the server's name in logs and errors.
    pub host: String,
    /// The user name; for a node that of its full `rpcuser`.
    pub user: String,
    /// The password.
    pub password: Password,
    /// The certificate that the server must show (PEM): a copy of its `rpc.cert`.
    pub certificate_pem: Vec<u8>,
    /// How long to wait for what.
    pub limits: CallLimits,
}

impl ServerConfig {
    /// A server with the default limits.
    pub fn new(
        host: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<Password>,
        certificate_pem: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            host: host.into(),
            user: user.into(),
            password: password.into(),
            certificate_pem: certificate_pem.into(),
            limits: CallLimits::default(),
        }
    }

    /// The same server with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The host and the port.
    pub(super) fn address(&self) -> Result<PeerAddress, ConfigError> {
        PeerAddress::parse(&self.host).ok_or_else(|| ConfigError::Host(self.host.clone()))
    }
}

/// How long to wait, and how much to take. The defaults suit servers in the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallLimits {
    /// For a connection: TCP, TLS, the upgrade to a websocket, learning what the server is, subscribing.
    pub connect: Duration,
    /// How long a call waits where a connection is just being made. A call never waits between two attempts.
    pub wait_for_connection: Duration,
    /// For the answer to a call.
    pub call: Duration,
    /// For the answer to a call that looks through all tickets or derives many keys.
    pub slow_call: Duration,
    /// For a rescan of the chain.
    pub rescan: Duration,
    /// Between two pings of ours; the servers send none.
    pub ping: Duration,
    /// After so long without a sign of life the connection is given up.
    pub silence: Duration,
    /// The largest message that is taken, in bytes.
    pub message_bytes: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            wait_for_connection: Duration::from_secs(1),
            call: Duration::from_secs(10),
            slow_call: Duration::from_secs(120),
            rescan: Duration::from_secs(3600),
            ping: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            message_bytes: 16 << 20,
        }
    }
}

impl CallLimits {
    /// The same with another time for a connection.
    #[must_use]
    pub const fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// The same with another time that a call waits for a connection.
    #[must_use]
    pub const fn with_wait_for_connection(mut self, wait_for_connection: Duration) -> Self {
        self.wait_for_connection = wait_for_connection;
        self
    }

    /// The same with another time for the answer to a call.
    #[must_use]
    pub const fn with_call(mut self, call: Duration) -> Self {
        self.call = call;
        self
    }

    /// The same with another time for the answer to a slow call.
    #[must_use]
    pub const fn with_slow_call(mut self, slow_call: Duration) -> Self {
        self.slow_call = slow_call;
        self
    }

    /// The same with another time for a rescan.
    #[must_use]
    pub const fn with_rescan(mut self, rescan: Duration) -> Self {
        self.rescan = rescan;
        self
    }

    /// The same with another time between two pings.
    #[must_use]
    pub const fn with_ping(mut self, ping: Duration) -> Self {
        self.ping = ping;
        self
    }

    /// The same with another time without a sign of life.
    #[must_use]
    pub const fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// The same with another size of the largest message, in bytes.
    #[must_use]
    pub const fn with_message_bytes(mut self, message_bytes: usize) -> Self {
        self.message_bytes = message_bytes;
        self
    }

    /// The time for a method's answer.
    pub(super) fn of(&self, method: &str) -> Duration {
        match method {
            "rescanwallet" => self.rescan,
            "accountsyncaddressindex"
            | "getstakeinfo"
            | "gettickets"
            | "livetickets"
            | "revoketickets"
            | "stakepooluserinfo" => self.slow_call,
            _ => self.call,
        }
    }
}

/// Why a server cannot even be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The host is not one.
    #[error("`{0}` is not a host with a port: write it as HOST:PORT, such as 127.0.0.1:9110 or [::1]:9110")]
    Host(String),
    /// User name or password cannot be sent.
    #[error("user name or password of {0} cannot be sent: a user name cannot hold a colon")]
    Credentials(String),
    /// The certificate cannot be used.
    #[error("the certificate of {host} cannot be used: {source}")]
    Certificate {
        /// The server.
        host: String,
        /// What is wrong with it.
        source: TlsError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_debug() {
        let config = ServerConfig::new("host:1", "user", "very secret", "");
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn slow_methods_have_their_own_limits() {
        let limits = CallLimits::default();
        assert_eq!(limits.of("rescanwallet"), limits.rescan);
        assert_eq!(limits.of("stakepooluserinfo"), limits.slow_call);
        assert_eq!(limits.of("generatevote"), limits.call);
    }
}
