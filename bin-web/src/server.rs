//! The HTTP server: accepts connections, reads requests within limits, and puts security headers on every answer.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use stakepool::accounts::ClientAddress;
use stakepool_process::isolated;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use warp::http::header::{CONNECTION, HeaderValue};
use warp::http::{Method, Request};
use warp::reply::Response;

use crate::api::answer::{Code, json, plain};
use crate::api::v3::answer::unread;
use crate::connections::{ConnectionLimit, Limits, WriteTimeout};
use crate::http::body::{BodyError, BodyMemory};
use crate::http::client::client_of;
use crate::http::headers::secure;
use crate::http::respond::packed;
use crate::http::target::{self, Refusal};
use crate::page_error::PageError;
use crate::pages::error;
use crate::pulse;
use crate::ready_pages::ReadyPages;
use crate::routes::{self, label};
use crate::site::Site;
use crate::unix_socket::UnixSocket;
use crate::view::encoding::accepts;

/// How long a client may take for the head of a request, and may idle between two.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// How long it may take for the body.
const BODY_TIME: Duration = Duration::from_secs(20);
/// How much of a head is read before it can be understood and measured; see [`target::check`] for what it may have.
const READ_BYTES: usize = 64 << 10;
/// How long it may take to read an answer.
const READ_LIMIT: Duration = Duration::from_secs(60);
/// Where every answer is signed, where wallets of today are served.
const SIGNED: &str = "/api/v3/";
/// Most connections at a time.
const MOST: Limits = Limits { all: 16_384, reserved: 256, of_client: 256, of_wide_network: 512 };
/// How long requests under way may take after the stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A place that is listened at.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket.
    Unix(UnixSocket),
}

impl Listener {
    /// Begins to listen on TCP.
    ///
    /// # Errors
    /// What the system says.
    pub async fn tcp(address: SocketAddr) -> std::io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }
}

/// Serves until `stop`, and then until the requests under way are answered.
pub async fn serve(site: Arc<Site>, listener: Listener, stop: impl Future<Output = ()>) {
    let (memory, places) = (BodyMemory::default(), ConnectionLimit::new(MOST));
    let ready = Arc::new(ReadyPages::new(site.pool.site().is_https()));
    let server = Server { site, ready, graceful: GracefulShutdown::new(), places, memory };
    let routes = routes::all(&server.site);
    let mut stop = std::pin::pin!(stop);
    let mut kept = std::pin::pin!(pulse::keep(&server.site));
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            never = &mut kept => match never {},
            accepted = accept(&listener) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let is_exempt = peer.is_loopback() || server.site.options.proxies.trusts(peer);
                let Some(place) = server.places.give(ClientAddress(peer), is_exempt) else {
                    tracing::debug!(client = %peer, "too many connections");
                    continue;
                };
                let answer = server.connection(stream, peer, routes.clone());
                tokio::spawn(isolated(async move {
                    let _place = place;
                    answer.await;
                }));
            }
            Err(error) => {
                // Out of file descriptors, or a client that went away: others may come.
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    // Pages that listen would wait for ever.
    server.site.events.close();
    if timeout(STOP_LIMIT, server.graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were not answered before the stop");
    }
}

type Stream = Box<dyn ReadWrite>;

/// A connection of either kind.
trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

async fn accept(listener: &Listener) -> std::io::Result<(Stream, IpAddr)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, peer) = listener.accept().await?;
            // Answers are small and whole: do not wait for more to send.
            let _ = stream.set_nodelay(true);
            Ok((Box::new(stream), peer.ip().to_canonical()))
        }
        Listener::Unix(socket) => {
            let (stream, _) = socket.listener.accept().await?;
            Ok((Box::new(stream), IpAddr::V4(Ipv4Addr::LOCALHOST)))
        }
    }
}

struct Server {
    site: Arc<Site>,
    ready: Arc<ReadyPages>,
    graceful: GracefulShutdown,
    places: ConnectionLimit,
    memory: BodyMemory,
}

impl Server {
    /// Serves one connection.
    fn connection<F>(&self, stream: Stream, peer: IpAddr, routes: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: warp::Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
        F::Future: Send,
    {
        let answerer = Arc::new(Answerer {
            site: self.site.clone(),
            ready: self.ready.clone(),
            routes: TowerToHyperService::new(warp::service(routes)),
            memory: self.memory.clone(),
            peer,
        });
        let service = service_fn(move |request| {
            let answerer = answerer.clone();
            async move { Ok::<_, Infallible>(answer(&answerer, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_buf_size(READ_BYTES)
            .serve_connection(TokioIo::new(WriteTimeout::new(stream, READ_LIMIT)), service);
        let connection = self.graceful.watch(connection);
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, client = %peer, "a connection broke");
            }
        }
    }
}

/// What answers the requests of one connection.
struct Answerer<S> {
    site: Arc<Site>,
    ready: Arc<ReadyPages>,
    routes: S,
    memory: BodyMemory,
    peer: IpAddr,
}

/// Reads a request within the limits and answers it.
async fn answer<S>(answerer: &Answerer<S>, request: Request<Incoming>) -> Response
where
    S: Service<Request<Full<Bytes>>, Response = Response, Error = Infallible>,
{
    let Answerer { site, ready, routes, memory, peer } = answerer;
    let (mut parts, body) = request.into_parts();
    let client = client_of(*peer, &parts.headers, &site.options.proxies);
    if let Err(refusal) = target::check(&parts) {
        return turned_away(site, client, parts.uri.path().starts_with("/api/"), refusal);
    }
    parts.uri = target::normal(parts.uri);
    // The answer to HEAD is that to GET; its body is left out where it is sent.
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    // Bodies of such requests mean nothing, and one that is there is left to the usual way.
    if body.is_end_stream()
        && let Some(response) = ready.answer(site, &parts.method, &parts.uri, &parts.headers, client).await
    {
        return response;
    }
    if let Some(mut response) = routes::of_target(&parts.method, &parts.uri) {
        secure(&mut response, site.pool.site().is_https());
        return response;
    }
    let (began, path) = (Instant::now(), parts.uri.path().to_owned());
    let takes_gzip = accepts(&parts.headers, "gzip");
    let is_api = parts.uri.path().starts_with("/api/");
    let is_signed = parts.uri.path().starts_with(SIGNED) && site.pool.vsp().is_some();
    let refuse = |client, is_api, refused: PageError, message| match site.pool.vsp() {
        Some(vsp) if is_signed => unread(vsp, refused.explained(false, false).0, message),
        _ => refuse(site, client, is_api, refused, message),
    };
    let mut response = match timeout(BODY_TIME, memory.read(body)).await {
        Ok(Ok(body)) => {
            parts.extensions.insert(client);
            match routes.call(Request::from_parts(parts, Full::new(body.bytes.clone()))).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
        Ok(Err(BodyError::TooLarge)) => refuse(client, is_api, PageError::too_large(), "request too large"),
        Ok(Err(BodyError::NoMemory)) => refuse(client, is_api, PageError::too_busy(), "too many requests"),
        Ok(Err(BodyError::Broken)) => refuse(client, is_api, PageError::bad_request(), "request not understood"),
        Err(_) => refuse(client, is_api, PageError::too_slow(), "request too slow"),
    };
    // What was signed goes out as it is.
    if !is_signed {
        response = packed(response, takes_gzip).await;
    }
    secure(&mut response, site.pool.site().is_https());
    site.metrics.answer(label(&path), response.status().as_u16(), began.elapsed());
    response
}

fn refuse(site: &Arc<Site>, client: ClientAddress, is_api: bool, refused: PageError, message: &str) -> Response {
    if is_api {
        return json(refused.explained(false, false).0, plain(Code::InvalidArgument, message));
    }
    error::answer(refused, site, client)
}

/// Answers a request that is refused for its head, and takes no more on its connection: who sends one such thing may have
/// put another behind it.
fn turned_away(site: &Arc<Site>, client: ClientAddress, is_api: bool, refusal: Refusal) -> Response {
    let (refused, message) = match refusal {
        Refusal::Host => (PageError::bad_request(), "request not understood"),
        Refusal::TargetTooLong => (PageError::target_too_long(), "address too long"),
        Refusal::HeadTooLarge => (PageError::head_too_large(), "headers too large"),
        Refusal::UnknownMethod => (PageError::unknown_method(), "unknown method"),
    };
    let mut response = refuse(site, client, is_api, refused, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    secure(&mut response, site.pool.site().is_https());
    response
}
