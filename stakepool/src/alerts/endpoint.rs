//! An address of the web to which something is sent.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use stakepool_core::secret::Secret;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Why an address cannot be a webhook's or a heartbeat's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It cannot be read; the setting.
    #[error("{0} is no address of the web; write it like https://hooks.example/pool")]
    Address(&'static str),
    /// The cryptography.
    #[error("alerts by HTTPS: TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// An address of the web. It is never shown: it often holds a secret.
pub(super) struct Endpoint {
    host: String,
    port: u16,
    authority: String,
    target: String,
    tls: Option<TlsConnector>,
}

impl Endpoint {
    /// An `http` or `https` address, the value of `setting`.
    pub(super) fn new(address: &Secret, setting: &'static str) -> Result<Self, WebhookError> {
        let uri: Uri = address.expose().parse().map_err(|_| WebhookError::Address(setting))?;
        let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else {
            return Err(WebhookError::Address(setting));
        };
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(connector()?), 443),
            Some("http") => (None, 80),
            _ => return Err(WebhookError::Address(setting)),
        };
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(port),
            authority: authority.as_str().rsplit('@').next().unwrap_or_default().to_owned(),
            target: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            tls,
        })
    }

    /// Sends a request, and takes a good answer for its arrival; else returns why not, without the address.
    pub(super) async fn send(&self, method: Method, body: Bytes) -> Result<(), String> {
        match timeout(LIMIT, self.request(method, body)).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(format!("it answered {status}")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {LIMIT:?}")),
        }
    }

    async fn request(
        &self,
        method: Method,
        body: Bytes,
    ) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                self.exchange(tls.connect(name, stream).await?, method, body).await
            }
            None => self.exchange(stream, method, body).await,
        }
    }

    async fn exchange<S>(
        &self,
        stream: S,
        method: Method,
        body: Bytes,
    ) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(&self.target)
            .header(HOST, &self.authority)
            .header(USER_AGENT, concat!("stakepool-web/", env!("CARGO_PKG_VERSION")));
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let answer = sender.send_request(request.body(Full::new(body))?).await;
        connection.abort();
        Ok(answer?.status())
    }
}

fn connector() -> Result<TlsConnector, rustls::Error> {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}
