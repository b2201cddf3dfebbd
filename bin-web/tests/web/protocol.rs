//! HTTP to the letter: methods, hosts, targets, packed answers, and what browsers and scanners look for at known places.

use std::io::Read;

use stakepool_web::known_routes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use warp::http::{Method, StatusCode};

use crate::browser::hidden_token;
use crate::http::Reply;
use crate::world::{Plan, World, key_of};

/// What the server answers to these bytes until it closes the connection.
async fn raw(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.server).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn unpacked(reply: &Reply) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&reply.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn every_405_says_what_is_allowed() {
    let world = World::start().await;
    let routes: Vec<_> = known_routes().collect();
    for method in ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "POST"] {
        for route in &routes {
            let reply = world.send(method, &route.path, &[], b"").await;
            if reply.status != StatusCode::METHOD_NOT_ALLOWED {
                continue;
            }
            let allowed = reply.header("allow");
            assert!(allowed.contains(route.method.as_str()), "{method} {}: {allowed}", route.path);
            assert_eq!(allowed.contains("HEAD"), allowed.contains("GET"), "{method} {}", route.path);
        }
    }
    for (method, target, allowed) in [
        ("TRACE", "/", "GET, HEAD"),
        ("PUT", "/signin", "GET, HEAD, POST"),
        ("OPTIONS", "/stats", "GET, HEAD"),
        ("POST", "/robots.txt", "GET, HEAD"),
        ("PUT", "/assets/style.css", "GET, HEAD"),
        ("TRACE", "/api/v2/voting", "POST, OPTIONS"),
        ("DELETE", "/api/v1/stats", "GET, HEAD, OPTIONS"),
    ] {
        let reply = world.send(method, target, &[], b"").await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, allowed),
            "{method} {target}"
        );
    }
}

#[tokio::test]
async fn a_request_names_one_host_or_is_refused() {
    let world = World::start().await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost:\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n", "400"),
        ("GET /api/v2/stats HTTP/1.1\r\n", "400"),
        ("GET /nowhere HTTP/1.1\r\nHost: u@a\r\n", "400"),
        ("GET http://u@pool.example/ HTTP/1.1\r\nHost: pool.example\r\n", "400"),
        ("GET ftp://pool.example/ HTTP/1.1\r\nHost: pool.example\r\n", "400"),
        ("GET / HTTP/1.0\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: a:8000\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: [::1]\r\n", "200"),
        ("GET http://pool.example/stats HTTP/1.1\r\nHost: pool.example\r\n", "200"),
        ("GET http://pool.example HTTP/1.1\r\nHost: pool.example\r\n", "200"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", "204"),
        ("FOO /signin HTTP/1.1\r\nHost: a\r\n", "501"),
    ] {
        let answer = raw(&world, format!("{head}Connection: close\r\n\r\n").as_bytes()).await;
        let code = answer.get(9..12).unwrap_or_default();
        assert_eq!(code, status, "{head:?}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{head:?}");
    }
    let call = raw(&world, b"GET /api/v2/stats HTTP/1.1\r\n\r\n").await;
    assert!(
        call.contains("connection: close") && call.ends_with("\"message\":\"request not understood\"}\n"),
        "{call}"
    );
    assert!(
        raw(&world, b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await
            .contains("allow: GET, HEAD, POST")
    );
}

#[tokio::test]
async fn heads_have_exactly_the_size_that_is_named() {
    let world = World::start().await;
    let with = async |bytes: usize| {
        let value = "a".repeat(bytes);
        world.send("GET", "/", &[("x-much", &value)], b"").await.status
    };
    // Beside the value: the target, `host: pool.example` and `x-much: `, each line with four bytes for its frame.
    let rest = "/".len() + ("host".len() + "pool.example".len() + 4) + ("x-much".len() + 4);
    assert_eq!(with((32 << 10) - rest).await, StatusCode::OK);
    assert_eq!(with((32 << 10) - rest + 1).await, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let target = |bytes: usize| format!("/?{}", "a".repeat(bytes - 2));
    assert_eq!(world.send("GET", &target(8 << 10), &[], b"").await.status, StatusCode::OK);
    assert_eq!(world.send("GET", &target((8 << 10) + 1), &[], b"").await.status, StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn a_page_has_one_address_however_it_is_written() {
    let world = World::start().await;
    for (target, place) in
        [("/signin/", "/signin"), ("/stats//", "/stats"), ("/passwordupdate/?t=1", "/passwordupdate?t=1")]
    {
        let reply = world.send("GET", target, &[], b"").await;
        assert_eq!((reply.status, reply.header("location")), (StatusCode::PERMANENT_REDIRECT, place), "{target}");
    }
    for target in ["//signin", "/%73ignin", "//evil.example/", "/api/v2/stats/", "/nowhere/", "/%2fevil.example/"] {
        let reply = world.send("GET", target, &[], b"").await;
        assert!(reply.headers.get("location").is_none(), "{target}");
    }
    assert_eq!(world.send("GET", "/%73ignin", &[], b"").await.status, StatusCode::OK);
    assert_eq!(world.send("GET", "/api/v2/stats/", &[], b"").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_without_a_secret_are_packed_and_those_with_one_are_not() {
    let world = World::start().await;
    let plain = world.send("GET", "/", &[], b"").await.text();
    for (accepted, sent) in
        [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("identity", ""), ("br;q=0, gzip;q=0.5", "gzip")]
    {
        let reply = world.send("GET", "/", &[("accept-encoding", accepted)], b"").await;
        assert_eq!(reply.header("content-encoding"), sent, "{accepted}");
        assert_eq!(reply.header("vary"), "Accept-Encoding");
        assert!(sent.is_empty() || reply.body.len() < plain.len());
    }
    let gzip = [("accept-encoding", "gzip")];
    assert_eq!(unpacked(&world.send("GET", "/", &gzip, b"").await), plain);
    let lost = world.send("GET", "/nowhere", &gzip, b"").await;
    assert_eq!((lost.status, lost.header("content-encoding")), (StatusCode::NOT_FOUND, "gzip"));
    assert!(unpacked(&lost).contains("There is no page at this address."));
    // The form that is ready is packed around its token, one that is made for its visitor not at all.
    let ready = world.send("GET", "/signin", &gzip, b"").await;
    let token = hidden_token(&unpacked(&ready)).unwrap();
    assert!(ready.body.windows(token.len()).any(|bytes| bytes == token.as_bytes()), "the token lies there as it is");
    for target in ["/signin?x", "/signup", "/passwordreset"] {
        let reply = world.send("GET", target, &gzip, b"").await;
        let secret = hidden_token(&reply.text()).is_some();
        assert!(secret || !reply.header("content-encoding").is_empty(), "{target}");
        assert!(!secret || reply.header("content-encoding").is_empty(), "{target}");
    }
    let mut user = world.user("alice@example.org").await;
    for target in ["/settings", "/stats", "/signin"] {
        let cookies = user.cookie_header();
        let reply = world.send("GET", target, &[("cookie", &cookies), gzip[0]], b"").await;
        assert_eq!(reply.header("content-encoding"), "", "{target}");
    }
    assert!(user.get("/address.csv").await.header("vary").contains("Accept-Encoding"));
}

#[tokio::test]
async fn the_answer_to_head_has_the_headers_of_get_wherever_there_is_a_page() {
    let world = World::start().await;
    world.old_users(1).await;
    let key = format!("Bearer {}", key_of(1));
    for route in known_routes().filter(|route| route.method == Method::GET) {
        for encoding in ["gzip", "identity"] {
            let headers = [("accept-encoding", encoding), ("authorization", key.as_str())];
            let get = world.send("GET", &route.path, &headers, b"").await;
            let head = world.send("HEAD", &route.path, &headers, b"").await;
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{}", route.path);
            let same = ["content-type", "content-encoding", "vary", "location", "cache-control", "etag"];
            for name in same {
                assert_eq!(head.header(name), get.header(name), "{} {name}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn parts_and_old_copies_are_not_asked_for_in_vain() {
    let world = World::start().await;
    let part = world.send("GET", "/assets/style.css", &[("range", "bytes=0-9")], b"").await;
    assert_eq!(part.status, StatusCode::OK);
    let tag = part.header("etag").to_owned();
    let kept = format!("\"other\", {tag}");
    let again = world.send("GET", "/assets/style.css", &[("if-none-match", &kept)], b"").await;
    assert_eq!(
        (again.status, again.header("etag"), again.header("vary")),
        (StatusCode::NOT_MODIFIED, &*tag, "Accept-Encoding")
    );
}

#[tokio::test]
async fn browsers_and_scanners_find_what_they_look_for_at_known_places() {
    let mut plan = Plan::default();
    plan.settings.site.base_url = "https://pool.example".into();
    plan.options.security_contact = Some("https://pool.example/report".into());
    let world = World::of(plan).await;
    let change = world.send("GET", "/.well-known/change-password", &[], b"").await;
    assert_eq!(change.location(), "/settings#password");
    let security = world.send("GET", "/.well-known/security.txt", &[], b"").await;
    assert_eq!(security.header("content-type"), "text/plain; charset=utf-8");
    let text = security.text();
    assert!(
        text.starts_with("Contact: https://pool.example/report\nExpires: ") && text.contains("T00:00:00Z\n"),
        "{text}"
    );
    assert!(text.contains("\nCanonical: https://pool.example/.well-known/security.txt\n"), "{text}");
    for target in ["/", "/nowhere", "/api/v2/stats", "/assets/style.css", "/signin"] {
        let reply = world.send("GET", target, &[], b"").await;
        assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{target}");
        assert!(reply.header("permissions-policy").contains("camera=()"), "{target}");
    }
    let world = World::start().await;
    let security = world.send("GET", "/.well-known/security.txt", &[], b"").await.text();
    assert!(security.starts_with("Contact: mailto:admin@example.org\n"), "{security}");
    assert!(world.send("GET", "/", &[], b"").await.headers.get("strict-transport-security").is_none());
    assert_eq!(world.send("GET", "/.well-known/other", &[], b"").await.status, StatusCode::NOT_FOUND);
}
