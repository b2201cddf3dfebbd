//! Whatever comes in: no crash, no 500, and limits that hold.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use warp::http::StatusCode;

use crate::browser::hidden_token;
use crate::world::{World, key_of};

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
        ("GET / HTTP/1.1\r\n\r\n", "200"),
        ("GET http://evil.example/signin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"),
        ("FOO /signin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"),
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

const PATHS: [&str; 24] = [
    "/",
    "/signin",
    "/signup",
    "/signincode",
    "/emailverify",
    "/emailupdate",
    "/passwordreset",
    "/passwordupdate",
    "/twofactor",
    "/logout",
    "/settings",
    "/address",
    "/tickets",
    "/stats",
    "/error",
    "/assets/",
    "/api/v1/getpurchaseinfo",
    "/api/v2/stats",
    "/api/v2/address",
    "/api/v2/voting",
    "/api/",
    "/robots.txt",
    "/favicon.ico",
    "/x",
];
const FIELDS: [&str; 15] = [
    "email",
    "password",
    "passwordrepeat",
    "newpassword",
    "newpasswordrepeat",
    "updatePassword",
    "UserPubKeyAddr",
    "VoteBits",
    "show",
    "page",
    "csrf_token",
    "t",
    "code",
    "resend",
    "x",
];
const KINDS: [&str; 5] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "text/plain",
    "multipart/form-data",
];

/// A request that a mischievous client may send.
#[derive(Debug, Clone)]
struct Mischief {
    method: &'static str,
    path: &'static str,
    suffix: String,
    fields: Vec<(&'static str, String)>,
    raw: Option<Vec<u8>>,
    kind: &'static str,
    in_query: bool,
    with_token: bool,
    signed_in: bool,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[\\x00-\\x1f\"'<>&;%\\\\]{0,20}",
        Just("a@example.org".to_owned()),
        Just("' OR 1=1 --".to_owned()),
        Just("{{ 7 * 7 }}".to_owned()),
        "[A-Za-z0-9]{40,65}",
        "-?[0-9]{1,20}",
    ]
}

prop_compose! {
    fn mischief()(
        method in prop::sample::select(vec!["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]),
        path in prop::sample::select(PATHS.to_vec()),
        suffix in "[a-z/%0-9.]{0,6}",
        fields in prop::collection::vec((prop::sample::select(FIELDS.to_vec()), text()), 0..6),
        raw in prop::option::weighted(0.2, prop::collection::vec(any::<u8>(), 0..200)),
        kind in prop::sample::select(KINDS.to_vec()),
        (in_query, with_token, signed_in, plain) in any::<(bool, bool, bool, bool)>(),
    ) -> Mischief {
        let suffix = if plain { String::new() } else { suffix };
        Mischief { method, path, suffix, fields, raw, kind, in_query, with_token, signed_in }
    }
}

#[test]
fn no_request_makes_the_server_fail() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (world, session) = runtime.block_on(async {
        let world = World::start().await;
        let mut browser = world.user("a@example.org").await;
        let page = browser.get("/settings").await.text();
        let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (world, (cookies.join("; "), hidden_token(&page).unwrap()))
    });
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&mischief(), |mischief| {
            let status = runtime.block_on(play(&world, &session, &mischief));
            let failed = status.is_server_error();
            prop_assert!(!failed, "{status}: {mischief:?}");
            Ok(())
        })
        .unwrap();
    runtime.block_on(async {
        assert_eq!(world.send("GET", "/", &[], b"").await.status, StatusCode::OK);
    });
}

async fn play(world: &World, (cookies, token): &(String, String), mischief: &Mischief) -> StatusCode {
    let mut pairs: Vec<(&str, &str)> = mischief.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if mischief.with_token {
        pairs.insert(0, ("csrf_token", token));
    }
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let query = if mischief.in_query { format!("?{encoded}") } else { String::new() };
    let target = format!("{}{}{query}", mischief.path, mischief.suffix);
    let authorization = format!("Bearer {}", key_of(1));
    let mut headers = vec![("content-type", mischief.kind), ("authorization", authorization.as_str())];
    if mischief.signed_in {
        headers.push(("cookie", cookies));
    }
    let body = mischief.raw.clone().unwrap_or_else(|| encoded.into_bytes());
    world.send(mischief.method, &target, &headers, &body).await.status
}
