//! A small JSON-RPC client that pins the certificate of a server.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::{Value, json};
use stakepool_sim::Endpoint;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[derive(Debug)]
struct Pinned(CertificateDer<'static>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(certificate, &self.0);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

async fn connect(endpoint: &Endpoint) -> std::io::Result<TlsStream<TcpStream>> {
    let certificate = CertificateDer::from_pem_slice(endpoint.certificate_pem.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(certificate)))
        .with_no_client_auth();
    let stream = TcpStream::connect(endpoint.host).await?;
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

fn authorization(endpoint: &Endpoint) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", endpoint.user, endpoint.password)))
}

/// Posts a request; status and body.
pub async fn post(endpoint: &Endpoint, method: &str, params: Value) -> std::io::Result<(StatusCode, String)> {
    let stream = connect(endpoint).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = json!({"jsonrpc": "1.0", "id": 1, "method": method, "params": params}).to_string();
    let request = Request::post("/")
        .header("host", "localhost")
        .header("authorization", authorization(endpoint))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = sender.send_request(request).await.map_err(std::io::Error::other)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

/// The whole answer to a call.
pub async fn answer(endpoint: &Endpoint, method: &str, params: Value) -> Value {
    let (status, body) = post(endpoint, method, params).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// The result of a call that succeeds.
pub async fn result(endpoint: &Endpoint, method: &str, params: Value) -> Value {
    let mut answer = answer(endpoint, method, params).await;
    assert_eq!(answer["error"], Value::Null, "{method}");
    answer["result"].take()
}

/// Code and message of a call that fails.
pub async fn error(endpoint: &Endpoint, method: &str, params: Value) -> (i64, String) {
    let answer = answer(endpoint, method, params).await;
    let error = &answer["error"];
    (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
}

/// A websocket.
pub struct Socket(WebSocketStream<TlsStream<TcpStream>>);

impl Socket {
    /// Connects with the credentials in the header.
    pub async fn open(endpoint: &Endpoint) -> Self {
        let stream = connect(endpoint).await.unwrap();
        let mut request = format!("wss://{}/ws", endpoint.host).into_client_request().unwrap();
        request.headers_mut().insert("authorization", authorization(endpoint).parse().unwrap());
        Self(tokio_tungstenite::client_async(request, stream).await.unwrap().0)
    }

    /// Connects without credentials.
    pub async fn open_as_stranger(endpoint: &Endpoint) -> Self {
        let stream = connect(endpoint).await.unwrap();
        let request = format!("wss://{}/ws", endpoint.host).into_client_request().unwrap();
        Self(tokio_tungstenite::client_async(request, stream).await.unwrap().0)
    }

    /// Sends a request.
    pub async fn send(&mut self, id: u64, method: &str, params: Value) {
        let request = json!({"jsonrpc": "1.0", "id": id, "method": method, "params": params});
        self.0.send(Message::text(request.to_string())).await.unwrap();
    }

    /// The next message; `None` once the server hung up.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(Duration::from_secs(10), self.0.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Subscribes to everything.
    pub async fn subscribe(&mut self) {
        let methods = ["notifyblocks", "notifywinningtickets", "notifynewtickets", "notifyspentandmissedtickets"];
        for (method, id) in methods.into_iter().zip(1..) {
            self.send(id, method, json!([])).await;
        }
        for _ in methods {
            assert_eq!(self.next().await.unwrap()["error"], Value::Null);
        }
    }
}
