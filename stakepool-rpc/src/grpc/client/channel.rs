//! The connection to a daemon.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use super::options::ClientError;
use crate::grpc::wire::ALPN_HTTP2;
use crate::peer_address::PeerAddress;
use crate::tls::{self, Connector, KeyPair};

/// How long a daemon may be silent during a call before it is asked whether it is still there, and how long it may
/// take to answer. Between calls nothing is asked: the predecessor's daemon hangs up on clients that do.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes under way at a time, for a call and for the connection.
const WINDOW: u32 = 1 << 20;
/// The name that is asked for. All that counts is the pinned certificate, so this name says nothing.
const SERVER_NAME: &str = "localhost";

/// Where a daemon is and how to be sure that it is the one.
pub(super) struct Target {
    address: Arc<PeerAddress>,
    endpoint: Endpoint,
    tls: Connector,
    identity: Option<KeyPair>,
    connect_limit: Duration,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Target {
    pub(super) fn new(
        address: &str,
        certificate: &[u8],
        identity: Option<KeyPair>,
        connect_limit: Duration,
    ) -> Result<Self, ClientError> {
        let wrong_address = || ClientError::Address(address.to_owned());
        let peer = PeerAddress::parse(address).ok_or_else(wrong_address)?;
        let endpoint = endpoint(&peer.authority()).ok_or_else(wrong_address)?;
        let tls = Connector::new(pinned(address, certificate, identity.clone())?);
        Ok(Self { address: Arc::new(peer), endpoint, tls, identity, connect_limit })
    }

    /// Expects another certificate from the next connection on.
    pub(super) fn expect_certificate(&self, name: &str, certificate: &[u8]) -> Result<(), ClientError> {
        self.tls.replace(pinned(name, certificate, self.identity.clone())?);
        Ok(())
    }

    /// A channel that connects when it is used. Must be called within a runtime.
    pub(super) fn channel(&self) -> Channel {
        let (address, tls, limit) = (self.address.clone(), self.tls.clone(), self.connect_limit);
        let connect = move |_: Uri| {
            let (address, tls) = (address.clone(), tls.clone());
            async move {
                let dialled = timeout(limit, dial(&address, tls.get())).await;
                dialled.unwrap_or_else(|_| Err(timed_out(limit))).map(TokioIo::new)
            }
        };
        self.endpoint.connect_with_connector_lazy(tower::service_fn(connect))
    }
}

/// What accepts the certificates of a daemon, and shows ours.
fn pinned(address: &str, certificate: &[u8], identity: Option<KeyPair>) -> Result<ClientConfig, ClientError> {
    let config = match identity {
        Some(identity) => tls::pinned_client_config_with_identity(certificate, identity),
        None => tls::pinned_client_config(certificate),
    };
    let mut config = config.map_err(|source| ClientError::Tls { address: address.to_owned(), source })?;
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    Ok(config)
}

fn endpoint(address: &str) -> Option<Endpoint> {
    let uri: Uri = format!("https://{address}").parse().ok()?;
    let authority = uri.authority()?;
    // No path, no user, and a port.
    if authority.as_str() != address || authority.port_u16().is_none() || address.contains('@') {
        return None;
    }
    let endpoint = Endpoint::from(uri)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(false)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    Some(endpoint)
}

async fn dial(address: &PeerAddress, tls: TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let stream = address.connect().await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
    tls.connect(name, stream).await.map_err(with_remedy)
}

/// The error, in words for the operator where TLS failed.
fn with_remedy(error: io::Error) -> io::Error {
    tls::why_tls_failed(&error, "copy its rpc.cert again (stakepooldcerts)").map_or(error, io::Error::other)
}

fn timed_out(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {} seconds", limit.as_secs_f32()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: &str) -> Option<Endpoint> {
        super::endpoint(&PeerAddress::parse(address)?.authority())
    }

    #[test]
    fn an_address_is_host_and_port() {
        for good in ["localhost:9113", "192.0.2.1:9113", "[::1]:19560", "[fe80::1%eth0]:1", "voter-1.example.org:1"] {
            assert!(endpoint(good).is_some(), "{good}");
        }
        for bad in ["", "localhost", "localhost:", "a:b", "a:99999", "https://a:1", "a:1/x", "u@a:1", "::1", "a b:1"] {
            assert!(endpoint(bad).is_none(), "{bad}");
        }
    }
}
