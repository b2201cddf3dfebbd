//! One connection: TLS, HTTP/2, and the check of every call on it.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use stakepool_core::log_throttle::LogThrottle;
use stakepool_core::reloadable::Reloadable;
use stakepool_core::sanitize::one_line;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::access::Access;
use super::cost::{Calls, Cost};
use super::limited::{HeldAnswer, LimitedRequest};
use super::stopping::until_stopped;
use crate::tls;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a quiet client is asked whether it is still there, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls at a time on one connection.
const MAX_CALLS: u32 = 64;
/// Bytes under way at a time, for a call and for a connection: those that nobody reads yet are held for every connection.
const WINDOW: u32 = 64 << 10;
/// How long a client may take to read an answer.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// Most bytes of a client's words that are repeated.
const LONGEST: usize = 200;
/// How long a client may take until its first call that is allowed.
const FIRST_CALL: Duration = Duration::from_secs(10);

/// The services behind the check of who may call them.
#[derive(Clone)]
pub(super) struct Gate {
    routes: Routes,
    shared: Arc<Shared>,
}

struct Shared {
    access: Reloadable<Access>,
    calls: Calls,
    most_users: usize,
    refusals: LogThrottle,
    /// Whether the second token was shown.
    next_was_shown: AtomicBool,
}

/// Who is at the other end of a connection.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    shows_certificate: bool,
    /// Whether a call of this connection was allowed.
    allowed: watch::Sender<bool>,
    /// Whether it does not read an answer.
    stuck: watch::Sender<bool>,
}

impl Gate {
    /// The services of a daemon that takes so many users.
    pub(super) fn new(routes: Routes, access: Reloadable<Access>, most_users: usize) -> Self {
        let shared = Shared {
            access,
            calls: Calls::default(),
            most_users,
            refusals: LogThrottle::default(),
            next_was_shown: AtomicBool::new(false),
        };
        Self { routes: routes.prepare(), shared: Arc::new(shared) }
    }

    async fn answer(mut self, request: Request<Incoming>, peer: Peer) -> Result<Response<Body>, Infallible> {
        let path = request.uri().path();
        let access = self.shared.access.get();
        let caller = match access.check(path, request.headers(), peer.shows_certificate) {
            Ok(caller) => caller,
            Err(refusal) => {
                self.warn(&peer.address, path, refusal.message());
                return Ok(refusal.into_http());
            }
        };
        peer.allowed.send_replace(true);
        if access.is_next(request.headers()) && !self.shared.next_was_shown.swap(true, Ordering::Relaxed) {
            tracing::info!("rpctokennext is in use: once all webs show it, make it rpctoken and remove rpctokennext");
        }
        tracing::trace!(peer = %peer.address, call = path, "gRPC call");
        let cost = Cost::of(path);
        let mut admitted = match self.shared.calls.admit(cost, caller).await {
            Ok(admitted) => admitted,
            Err(busy) => return Ok(busy.into_http()),
        };
        let most_bytes = cost.most_bytes(self.shared.most_users);
        let request = request.map(|body| LimitedRequest::new(body, most_bytes, admitted.turn.as_mut()));
        let answer = self.routes.call(request).await?;
        admitted.turn = None;
        let (unread, is_read) = oneshot::channel::<()>();
        tokio::spawn(async move {
            if timeout(READ_LIMIT, is_read).await.is_err() {
                peer.stuck.send_replace(true);
            }
        });
        Ok(answer.map(|body| Body::new(HeldAnswer::new(body, admitted, unread))))
    }

    /// Says that a stranger was turned away, but not each time: that would let strangers fill the log.
    fn warn(&self, peer: &SocketAddr, what: &str, reason: &str) {
        if let Some(unsaid) = self.shared.refusals.pass(Instant::now().into_std()) {
            let (what, reason) = (one_line(what, LONGEST), one_line(reason, LONGEST));
            tracing::warn!(%peer, what, reason, unsaid, "turned a gRPC client away");
        }
    }
}

/// Answers a client until it hangs up, or until the server stops.
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
            Ok(Err(error)) => {
                let why = tls::why_tls_failed(&error, "name the one that it shows (rpcclientcerts)");
                return gate.warn(&peer, "TLS", &why.unwrap_or_else(|| error.to_string()));
            }
            Err(_) => return gate.warn(&peer, "TLS", "it was silent"),
        },
        () = until_stopped(&mut stopping) => return,
    };
    let (allowed, is_allowed) = watch::channel(false);
    let (stuck, is_stuck) = watch::channel(false);
    let caller = Peer { address: peer, shows_certificate: shows_certificate(&stream), allowed, stuck };
    let service = service_fn(move |request| gate.clone().answer(request, caller.clone()));
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
        // A place is for those who may call.
        () = until_overdue(is_allowed) => return tracing::debug!(%peer, "no allowed gRPC call in time"),
        () = until_stuck(is_stuck) => return tracing::debug!(%peer, "it does not read its answers"),
        () = until_stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a gRPC connection ended");
    }
}

/// Ready where no call was allowed in time.
async fn until_overdue(mut is_allowed: watch::Receiver<bool>) {
    if timeout(FIRST_CALL, is_allowed.wait_for(|allowed| *allowed)).await.is_ok() {
        std::future::pending().await
    }
}

/// Ready where an answer was not read in time.
async fn until_stuck(mut is_stuck: watch::Receiver<bool>) {
    if is_stuck.wait_for(|stuck| *stuck).await.is_err() {
        std::future::pending().await
    }
}

fn shows_certificate(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.peer_certificates().is_some_and(|shown| !shown.is_empty())
}
