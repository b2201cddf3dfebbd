//! What stands before several webs: each request goes to the next one that takes it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Listens until the test ends; answers where.
pub async fn balance(webs: Vec<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let (webs, turn) = (Arc::new(webs), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (webs, turn) = (Arc::clone(&webs), Arc::clone(&turn));
            let service = service_fn(move |request| {
                let (webs, first) = (Arc::clone(&webs), turn.fetch_add(1, Ordering::Relaxed));
                async move { Ok::<_, Infallible>(pass_on(request, &webs, first).await) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    place
}

async fn pass_on(request: Request<Incoming>, webs: &[SocketAddr], first: usize) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    for step in 0..webs.len() {
        let asked = Request::from_parts(parts.clone(), Full::new(body.clone()));
        if let Ok(answer) = ask(webs[(first + step) % webs.len()], asked).await {
            return answer;
        }
    }
    let mut away = Response::new(Full::default());
    *away.status_mut() = StatusCode::BAD_GATEWAY;
    away
}

async fn ask(web: SocketAddr, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Failure> {
    let stream = TokioIo::new(TcpStream::connect(web).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    Ok(Response::from_parts(parts, Full::new(body.collect().await?.to_bytes())))
}
