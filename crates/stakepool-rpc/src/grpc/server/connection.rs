//! One connection: TLS, HTTP/2, and the check of every call on it.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::{Access, until_stopped};

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a quiet client is asked whether it is still there, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls at a time on one connection.
const MAX_CALLS: u32 = 64;
/// Bytes under way at a time, for a call and for a connection.
const WINDOW: u32 = 1 << 20;

/// The services behind the check of who may call them.
#[derive(Clone)]
pub(super) struct Gate {
    routes: Routes,
    access: std::sync::Arc<Access>,
}

impl Gate {
    pub(super) fn new(routes: Routes, access: Access) -> Self {
        Self { routes: routes.prepare(), access: std::sync::Arc::new(access) }
    }

    async fn answer(
        mut self,
        request: Request<Incoming>,
        peer: SocketAddr,
        shows_certificate: bool,
    ) -> Result<Response<Body>, Infallible> {
        let path = request.uri().path();
        if let Err(refusal) = self.access.check(path, request.headers(), shows_certificate) {
            tracing::warn!(%peer, call = path, reason = refusal.message(), "refused a gRPC call");
            return Ok(refusal.into_http());
        }
        tracing::trace!(%peer, call = path, "gRPC call");
        self.routes.call(request).await
    }
}

/// Answers a client until it goes away, or until the server stops.
pub(super) async fn converse(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    gate: Gate,
    mut stopping: watch::Receiver<bool>,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    // Answers are small and awaited: never hold them back.
    let _ = stream.set_nodelay(true);
    let stream = tokio::select! {
        shaken = timeout(HANDSHAKE, acceptor.accept(stream)) => match shaken {
            Ok(Ok(stream)) => stream,
            // Who only looks whether the port is open hangs up like this.
            Ok(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => return,
            Ok(Err(error)) => return tracing::warn!(%peer, %error, "no TLS with a gRPC client"),
            Err(_) => return tracing::warn!(%peer, "a gRPC client was silent instead of agreeing on TLS"),
        },
        () = until_stopped(&mut stopping) => return,
    };
    let shows_certificate = shows_certificate(&stream);
    let service = service_fn(move |request| gate.clone().answer(request, peer, shows_certificate));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_CALLS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = until_stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a gRPC connection ended");
    }
}

fn shows_certificate(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.peer_certificates().is_some_and(|shown| !shown.is_empty())
}
