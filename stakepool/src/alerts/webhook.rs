//! Alerts by webhook: a POST of JSON to an address of the operator's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use stakepool_core::alert::Alert;
use stakepool_core::ports::{AlertError, AlertSink};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::alerts::wording::in_words;
use stakepool_core::secret::Secret;

const WAY: &str = "webhook";
/// How long one POST may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Why an address cannot be a webhook's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WebhookError {
    /// It cannot be read.
    #[error("alertwebhook is no address of the web; write it like https://hooks.example/pool")]
    Address,
    /// The cryptography.
    #[error("alertwebhook: TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Posts alerts. The address is never shown: it often holds a secret.
pub struct Webhook {
    host: String,
    port: u16,
    authority: String,
    target: String,
    tls: Option<TlsConnector>,
    site: String,
}

/// What is posted. `text` alone is enough for Mattermost, Slack and their like.
#[derive(Serialize)]
struct Message<'a> {
    site: &'a str,
    text: String,
    alerts: &'a [Alert],
}

impl Webhook {
    /// A webhook at an `http` or `https` address, which speaks for the pool `site`.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn new(address: &Secret, site: &str) -> Result<Self, WebhookError> {
        let uri: Uri = address.expose().parse().map_err(|_| WebhookError::Address)?;
        let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else { return Err(WebhookError::Address) };
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(connector()?), 443),
            Some("http") => (None, 80),
            _ => return Err(WebhookError::Address),
        };
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(port),
            authority: authority.as_str().rsplit('@').next().unwrap_or_default().to_owned(),
            target: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            tls,
            site: site.to_owned(),
        })
    }

    async fn post(&self, body: Bytes) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                self.exchange(tls.connect(name, stream).await?, body).await
            }
            None => self.exchange(stream, body).await,
        }
    }

    async fn exchange<S>(&self, stream: S, body: Bytes) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post(&self.target)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("stakepool-web/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))?;
        let answer = sender.send_request(request).await;
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

#[async_trait]
impl AlertSink for Webhook {
    fn way(&self) -> &'static str {
        WAY
    }

    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let failed = |reason: String| AlertError { way: WAY, reason };
        let (subject, text) = in_words(&self.site, alerts);
        let message = Message { site: &self.site, text: format!("{subject}\n{text}"), alerts };
        let body = serde_json::to_vec(&message).map_err(|error| failed(error.to_string()))?;
        match timeout(LIMIT, self.post(body.into())).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(failed(format!("it answered {status}"))),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no answer within {LIMIT:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::alert::{AlertKind, AlertPhase};
    use stakepool_core::time::UnixTime;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn told(status: &str) -> (Result<(), AlertError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook?key=1", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}]}") {
                assert!(stream.read_buf(&mut request).await.unwrap() > 0);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        let alert = Alert {
            kind: AlertKind::WalletLocked,
            phase: AlertPhase::Begins,
            about: "wallet a:1".into(),
            text: "it is locked".into(),
            since: UnixTime(5),
        };
        let told = Webhook::new(&Secret::new(address), "pool").unwrap().send(&[alert]).await;
        (told, serving.await.unwrap())
    }

    #[tokio::test]
    async fn alerts_are_posted_as_json() {
        let (result, request) = told("204 No Content").await;
        assert_eq!(result, Ok(()));
        assert!(request.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{request}");
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["site"], "pool");
        assert_eq!(
            body["alerts"][0],
            serde_json::json!({"kind": "wallet_locked", "phase": "begins", "about": "wallet a:1",
                               "text": "it is locked", "since": 5})
        );
    }

    #[tokio::test]
    async fn a_refusal_is_told_without_the_address() {
        let (result, _) = told("403 Forbidden").await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains("403") && !error.contains("key=1"), "{error}");
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_telling_it() {
        for wrong in ["", "hooks.example", "ftp://x/secret", "https://"] {
            let error = Webhook::new(&Secret::new(wrong), "pool").err().unwrap();
            assert_eq!(error, WebhookError::Address);
        }
    }
}
