//! A pool that is reached over HTTP.

use std::net::SocketAddr;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use stakepool_core::vsp::SignedAnswer;
use tokio::net::TcpStream;

use super::error::VspClientError;
use super::server::VspServer;

/// A pool that is reached over HTTP, without TLS: exccwallet takes that, too. A connection serves one call.
#[derive(Clone, Copy, Debug)]
pub struct HttpVspServer {
    place: SocketAddr,
}

impl HttpVspServer {
    /// The pool whose web application listens there.
    pub const fn new(place: SocketAddr) -> Self {
        Self { place }
    }

    async fn call(
        &self,
        method: Method,
        command: &str,
        signed: Option<(&[u8], &str)>,
    ) -> Result<SignedAnswer, Failure> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(TcpStream::connect(self.place).await?)).await?;
        // It ends with the sender.
        tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(format!("/api/v3/{command}")).header("host", self.place.to_string());
        if let Some((_, signature)) = signed {
            request = request.header("content-type", "application/json").header("VSP-Client-Signature", signature);
        }
        let body = Bytes::copy_from_slice(signed.map_or(&[][..], |(body, _)| body));
        let answer = sender.send_request(request.body(Full::new(body))?).await?;
        let signature = answer.headers().get("VSP-Server-Signature").and_then(|value| value.to_str().ok());
        let (status, signature) = (answer.status().as_u16(), signature.unwrap_or_default().to_owned());
        let body = answer.into_body().collect().await?.to_bytes().to_vec();
        Ok(SignedAnswer { status, body, signature })
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn unreachable(failure: Failure) -> VspClientError {
    VspClientError::Unreachable(failure.to_string())
}

#[async_trait]
impl VspServer for HttpVspServer {
    async fn info(&self) -> Result<SignedAnswer, VspClientError> {
        self.call(Method::GET, "vspinfo", None).await.map_err(unreachable)
    }

    async fn post(&self, command: &'static str, body: &[u8], signature: &str) -> Result<SignedAnswer, VspClientError> {
        self.call(Method::POST, command, Some((body, signature))).await.map_err(unreachable)
    }
}
