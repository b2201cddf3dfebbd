//! Making one connection: TCP, TLS with the pinned certificate, the upgrade to a websocket.

use std::future::Future;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, http};

use super::config::{ConfigError, ServerConfig};
use super::error::RpcError;
use crate::peer_address::PeerAddress;
use crate::tls::{self, Connector, pinned_client_config};

/// Makes connections to one server.
pub(super) trait Dial: Send + Sync + 'static {
    /// What the websocket runs over.
    type Io: AsyncRead + AsyncWrite + Unpin + Send;

    /// Makes one connection.
    fn dial(&self) -> impl Future<Output = Result<WebSocketStream<Self::Io>, RpcError>> + Send;
}

/// Dials a real server.
pub(super) struct TlsDialer {
    address: PeerAddress,
    server_name: ServerName<'static>,
    connector: Connector,
    upgrade: Request,
    websocket: WebSocketConfig,
}

impl TlsDialer {
    /// Checks all that can be checked without the server.
    pub(super) fn new(config: &ServerConfig) -> Result<Self, ConfigError> {
        let wrong_host = || ConfigError::Host(config.host.clone());
        let address = config.address()?;
        let server_name = ServerName::try_from(address.host().to_owned()).map_err(|_| wrong_host())?;
        let tls = pinned(config)?;
        let mut upgrade =
            format!("wss://{}/ws", address.authority()).into_client_request().map_err(|_| wrong_host())?;
        upgrade.headers_mut().insert(AUTHORIZATION, basic_authentication(config)?);
        let bytes = Some(config.limits.message_bytes);
        Ok(Self {
            address,
            server_name,
            connector: Connector::new(tls),
            upgrade,
            websocket: WebSocketConfig::default().max_message_size(bytes).max_frame_size(bytes),
        })
    }

    /// What makes its TLS connections.
    pub(super) fn connector(&self) -> Connector {
        self.connector.clone()
    }
}

/// What accepts the certificate of a server.
pub(super) fn pinned(config: &ServerConfig) -> Result<ClientConfig, ConfigError> {
    pinned_client_config(&config.certificate_pem)
        .map_err(|source| ConfigError::Certificate { host: config.host.clone(), source })
}

/// Whether a server's configuration can work at all: what is checked before the first attempt to connect, and nothing that
/// needs the server.
///
/// # Errors
/// [`ConfigError`].
pub fn check(config: &ServerConfig) -> Result<(), ConfigError> {
    TlsDialer::new(config).map(drop)
}

impl Dial for TlsDialer {
    type Io = TlsStream<TcpStream>;

    async fn dial(&self) -> Result<WebSocketStream<Self::Io>, RpcError> {
        let tcp = self.address.connect().await.map_err(describe_io)?;
        // Votes are small and urgent.
        tcp.set_nodelay(true).map_err(describe_io)?;
        let tls = self.connector.get().connect(self.server_name.clone(), tcp).await.map_err(describe_io)?;
        let (socket, _response) =
            tokio_tungstenite::client_async_with_config(self.upgrade.clone(), tls, Some(self.websocket))
                .await
                .map_err(describe)?;
        Ok(socket)
    }
}

fn basic_authentication(config: &ServerConfig) -> Result<HeaderValue, ConfigError> {
    let wrong = || ConfigError::Credentials(config.host.clone());
    if config.user.contains(':') {
        return Err(wrong());
    }
    let encoded = STANDARD.encode(format!("{}:{}", config.user, config.password.reveal()));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error of the transport in an operator's words.
pub(super) fn describe(error: tungstenite::Error) -> RpcError {
    use tungstenite::Error;
    match error {
        Error::Io(error) => describe_io(error),
        Error::Http(response) => describe_refusal(response.status()),
        Error::ConnectionClosed | Error::AlreadyClosed => RpcError::Unreachable("it closed the connection".to_owned()),
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            RpcError::Unreachable(format!("it sent a message of {size} bytes, more than the {max_size} that we take"))
        }
        other => RpcError::Unreachable(other.to_string()),
    }
}

fn describe_refusal(status: http::StatusCode) -> RpcError {
    use http::StatusCode;
    match status {
        StatusCode::UNAUTHORIZED => RpcError::Unauthorized,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => RpcError::Unreachable(format!(
            "it has as many clients as it takes (HTTP {status}); raise its rpcmaxwebsockets or rpcmaxclients"
        )),
        _ => {
            RpcError::Unreachable(format!("it refuses a websocket with HTTP {status}; is this an exccd or exccwallet?"))
        }
    }
}

fn describe_io(error: io::Error) -> RpcError {
    RpcError::Unreachable(match tls::why_tls_failed(&error, "copy its rpc.cert again") {
        Some(why) => why,
        // A program that ends does not say goodbye.
        None if error.kind() == io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        None => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_a_user_or_a_certificate_that_cannot_work_is_refused_before_any_attempt() {
        let pem = include_bytes!("../../tests/fixtures/certs/exccd-2.7.6-p256.cert");
        let error = |host: &str, user: &str, pem: &[u8]| {
            TlsDialer::new(&ServerConfig::new(host, user, "secret", pem)).err().map(|error| error.to_string())
        };
        assert_eq!(error("localhost:1", "user", pem), None);
        assert!(error("localhost", "user", pem).unwrap().contains("HOST:PORT"));
        assert_eq!(error("[fe80::1%eth0]:1", "user", pem), None);
        assert!(error("local host:1", "user", pem).unwrap().contains("HOST:PORT"));
        assert!(error("localhost:1", "us:er", pem).unwrap().contains("colon"));
        let error = error("localhost:1", "user", b"nothing").unwrap();
        assert!(error.contains("localhost:1") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn the_password_does_not_show_in_debug_of_a_request() {
        let value = basic_authentication(&ServerConfig::new("h:1", "user", "secret", "")).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
    }

    #[test]
    fn refusals_say_what_to_do() {
        assert_eq!(describe_refusal(http::StatusCode::UNAUTHORIZED), RpcError::Unauthorized);
        let error = describe_refusal(http::StatusCode::SERVICE_UNAVAILABLE).to_string();
        assert!(error.contains("rpcmaxwebsockets"), "{error}");
        assert!(describe_refusal(http::StatusCode::NOT_FOUND).to_string().contains("404"));
    }
}
