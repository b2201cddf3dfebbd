//! The listener.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::exposition::Exposition;
use super::host::has_one_host;
use super::monitored::Monitored;

/// How long a monitor may take for the head of a request, and may idle between two.
const HEAD_LIMIT: Duration = Duration::from_secs(75);
/// How long one look may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Most monitors at a time.
const MOST_CONNECTIONS: usize = 64;

/// Begins to listen on the first of some addresses that works, such as `127.0.0.1:9180` or `localhost:9180`.
///
/// # Errors
/// What the system says of the last one.
pub async fn bind(candidates: &[String]) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on");
    for candidate in candidates {
        match TcpListener::bind(candidate).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, monitored: Arc<dyn Monitored>) -> Infallible {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    // Dropped with this future, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return std::future::pending().await };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a monitor's connection was not accepted");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let monitored = Arc::clone(&monitored);
        connections.spawn(async move {
            let _place = place;
            let service = service_fn(move |request| {
                let monitored = Arc::clone(&monitored);
                async move { Ok::<_, Infallible>(answer(monitored.as_ref(), &request).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a monitor's connection broke");
            }
        });
    }
}

async fn answer(monitored: &dyn Monitored, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !has_one_host(request.version(), request.headers()) {
        return text(StatusCode::BAD_REQUEST, "one Host is needed\n".to_owned());
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = request.uri().path();
    let looked = timeout(ANSWER_LIMIT, async {
        match path {
            "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => readiness(monitored).await,
            "/metrics" => metrics(monitored).await,
            _ => text(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n".to_owned()),
        }
    });
    looked.await.unwrap_or_else(|_| {
        text(StatusCode::SERVICE_UNAVAILABLE, format!("not known within {} s\n", ANSWER_LIMIT.as_secs()))
    })
}

async fn readiness(monitored: &dyn Monitored) -> Response<Full<Bytes>> {
    match monitored.readiness().await {
        Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
        Err(reasons) => {
            let mut lines = reasons.join("\n");
            lines.push('\n');
            text(StatusCode::SERVICE_UNAVAILABLE, lines)
        }
    }
}

async fn metrics(monitored: &dyn Monitored) -> Response<Full<Bytes>> {
    let mut figures = Exposition::default();
    monitored.metrics(&mut figures).await;
    let mut response = text(StatusCode::OK, figures.into_text());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Kind;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    struct Program(Result<(), Vec<String>>);

    #[async_trait::async_trait]
    impl Monitored for Program {
        async fn readiness(&self) -> Result<(), Vec<String>> {
            self.0.clone()
        }

        async fn metrics(&self, to: &mut Exposition) {
            to.single("up", Kind::Gauge, "Whether it runs.", 1);
        }
    }

    async fn ask(program: Program, request: &str) -> String {
        let listener = bind(&["127.0.0.1:0".to_owned()]).await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let serving = tokio::spawn(serve(listener, Arc::new(program)));
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        serving.abort();
        answer
    }

    #[tokio::test]
    async fn a_process_that_answers_is_healthy_and_says_why_it_is_not_ready() {
        let away = || Program(Err(vec!["wallet a is away".to_owned(), "node b is away".to_owned()]));
        assert!(ask(away(), "GET /healthz").await.starts_with("HTTP/1.1 200"));
        let answer = ask(away(), "GET /readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("wallet a is away\nnode b is away\n"));
        assert!(ask(Program(Ok(())), "GET /readyz").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn figures_are_told_in_prometheus_format_and_nothing_else_is_served() {
        let answer = ask(Program(Ok(())), "GET /metrics").await;
        assert!(answer.contains("text/plain; version=0.0.4") && answer.ends_with("\nup 1\n"), "{answer}");
        for method in ["POST", "PUT", "TRACE", "OPTIONS", "FOO"] {
            let answer = ask(Program(Ok(())), &format!("{method} /metrics")).await;
            assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD\r\n"), "{answer}");
        }
        let two_hosts = ask(Program(Ok(())), "GET /metrics HTTP/1.1\r\nhost: y\r\nx-rest:").await;
        assert!(two_hosts.starts_with("HTTP/1.1 400"), "{two_hosts}");
        assert!(ask(Program(Ok(())), "GET /").await.starts_with("HTTP/1.1 404"));
    }
}
