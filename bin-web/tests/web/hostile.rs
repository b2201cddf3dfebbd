//! Requests that break the rules of HTTP or its limits.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use warp::http::StatusCode;

use crate::world::World;

#[tokio::test]
async fn oversized_bodies_are_refused_and_the_server_goes_on() {
    let world = World::start().await;
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let page = world.send("POST", "/signin", &kind, &vec![b'a'; (1 << 20) + 1]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.text().contains("1 MiB"));
    let call = world.send("POST", "/api/v2/address", &kind, &vec![b'a'; 3 << 20]).await;
    assert_eq!(call.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(call.text(), "{\"status\":\"error\",\"code\":3,\"message\":\"request too large\"}\n");
    let largest = world.send("POST", "/signin", &kind, &vec![b'a'; 1 << 20]).await;
    assert_eq!(largest.status, StatusCode::FORBIDDEN, "only the token is missing");
}

/// What the server answers to these bytes until it closes the connection or falls silent.
async fn raw(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.server).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn broken_requests_get_an_answer_or_none_but_never_harm_others() {
    let world = World::start().await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET http://evil.example/signin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "204"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "501"),
        ("FOO /signin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "501"),
        ("GET /a b HTTP/1.1\r\n\r\n", "400"),
        ("nonsense\r\n\r\n", "400"),
        ("POST /signin HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST /signin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
        ("POST /signin HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nshort", "400"),
    ] {
        let answer = raw(&world, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) || answer.is_empty(), "{request:?}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
    let answer = raw(&world, long.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(world.send("GET", "/", &[], b"").await.status, StatusCode::OK);
}
