//! HTTPS: one JSON-RPC request a POST, or the way into a websocket.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
    WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role as Side;

use super::context::ServerContext;
use super::websocket;
use crate::rpc;

/// The largest request that is read, in bytes: a wallet's limit.
const MOST_BYTES: usize = 4 << 20;

type Answer = Response<Full<Bytes>>;

/// Serves a connection until it ends or is broken.
pub(super) async fn serve(stream: TlsStream<TcpStream>, context: Arc<ServerContext>, broken: watch::Receiver<u64>) {
    let service = service_fn(move |request| {
        let (context, broken) = (Arc::clone(&context), broken.clone());
        async move { Ok::<_, Infallible>(answer(request, context, broken).await) }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the simulator broke");
    }
}

/// Whether a client may come in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Granted,
    Refused,
    /// No credentials were given.
    Unknown,
}

impl ServerContext {
    fn access(&self, request: &Request<Incoming>) -> Access {
        let Some(header) = request.headers().get(AUTHORIZATION) else { return Access::Unknown };
        let decoded = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Basic "))
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((user, password)) if self.knows(user, password) => Access::Granted,
            _ => Access::Refused,
        }
    }
}

async fn answer(mut request: Request<Incoming>, context: Arc<ServerContext>, broken: watch::Receiver<u64>) -> Answer {
    if context.program.faults().unavailable {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "503 Too busy.  Try again later.\n");
    }
    let access = context.access(&request);
    match request.uri().path() {
        "/ws" => {
            if access == Access::Refused {
                return unauthorized();
            }
            context.program.hear().await;
            upgrade(&mut request, context, broken, access == Access::Granted)
        }
        "/" => {
            if access != Access::Granted {
                return unauthorized();
            }
            if request.method() != Method::POST {
                return plain(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n");
            }
            let Ok(body) = Limited::new(request.into_body(), MOST_BYTES).collect().await else {
                return plain(StatusCode::PAYLOAD_TOO_LARGE, "413 Request Too Large\n");
            };
            json(rpc::answer(&context.program, &body.to_bytes(), None).await)
        }
        _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
    }
}

fn upgrade(
    request: &mut Request<Incoming>,
    context: Arc<ServerContext>,
    broken: watch::Receiver<u64>,
    authenticated: bool,
) -> Answer {
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        return plain(StatusCode::BAD_REQUEST, "400 Bad Request\n");
    };
    let Ok(accept) = HeaderValue::from_str(&key) else {
        return plain(StatusCode::BAD_REQUEST, "400 Bad Request\n");
    };
    let upgraded = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(stream) = upgraded.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Side::Server, None).await;
        websocket::serve(socket, context, broken, authenticated).await;
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn unauthorized() -> Answer {
    let mut response = plain(StatusCode::UNAUTHORIZED, "401 Unauthorized.\n");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"exccd RPC\""));
    response
}

/// The real programs close the connection after each answer.
fn json(text: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(text + "\n")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
