//! Alerts by webhook: a POST of JSON to an address of the operator's.

use async_trait::async_trait;
use hyper::Method;
use hyper::body::Bytes;
use serde::Serialize;
use stakepool_core::alert::Alert;
use stakepool_core::ports::{AlertError, AlertSink, Heartbeat};
use stakepool_core::secret::Secret;

use crate::alerts::endpoint::{Endpoint, WebhookError};
use crate::alerts::pulse::WAY as HEARTBEAT;
use crate::alerts::wording::in_words;

const WAY: &str = "webhook";

/// Posts alerts. The address is never shown: it often holds a secret.
pub struct Webhook {
    endpoint: Endpoint,
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
        Ok(Self { endpoint: Endpoint::new(address, "alertwebhook")?, site: site.to_owned() })
    }
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
        self.endpoint.send(Method::POST, body.into()).await.map_err(failed)
    }
}

/// Asks for an address now and then; the watcher behind it alerts where that stops. The address is never shown.
pub struct Ping(Endpoint);

impl Ping {
    /// A heartbeat at an `http` or `https` address.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn new(address: &Secret) -> Result<Self, WebhookError> {
        Ok(Self(Endpoint::new(address, "alertheartbeat")?))
    }
}

#[async_trait]
impl Heartbeat for Ping {
    async fn beat(&self) -> Result<(), AlertError> {
        let failed = |reason| AlertError { way: HEARTBEAT, reason };
        self.0.send(Method::GET, Bytes::new()).await.map_err(failed)
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

    #[tokio::test]
    async fn a_heartbeat_asks_for_its_address_and_tells_a_refusal_without_it() {
        for (status, works) in [("200 OK", true), ("404 Not Found", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}/ping/secret", listener.local_addr().unwrap());
            let serving = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                }
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                String::from_utf8(request).unwrap()
            });
            let beaten = Ping::new(&Secret::new(address)).unwrap().beat().await;
            assert!(serving.await.unwrap().starts_with("GET /ping/secret HTTP/1.1\r\n"));
            assert_eq!(beaten.is_ok(), works);
            assert!(beaten.err().is_none_or(|error| !error.to_string().contains("secret")));
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_telling_it() {
        for wrong in ["", "hooks.example", "ftp://x/secret", "https://"] {
            let error = Webhook::new(&Secret::new(wrong), "pool").err().unwrap();
            assert_eq!(error, WebhookError::Address("alertwebhook"));
        }
    }
}
