//! `stakepoolctl selftest` against the real web application on a simulated network: as it is, and behind a TLS front with
//! good and with wrong certificates.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use stakepool_core::chain::Generation;
use stakepoolctl::Streams;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::scene::Scene;

/// What the command answered.
struct Outcome {
    code: u8,
    rows: Vec<Value>,
    errors: String,
}

impl Outcome {
    /// The verdict of a check, and what it says.
    fn of(&self, check: &str) -> (&str, String) {
        let row = self.rows.iter().find(|row| row["check"] == check);
        let row = row.unwrap_or_else(|| panic!("{check} is missing: {:#?}", self.rows));
        let text = |name: &str| row[name].as_str().unwrap();
        (text("verdict"), format!("{} | {}", text("found"), text("remedy")))
    }

    fn failed(&self) -> Vec<&str> {
        let failed = self.rows.iter().filter(|row| row["verdict"] == "FAIL");
        failed.map(|row| row["check"].as_str().unwrap()).collect()
    }
}

async fn selftest(arguments: &[&str]) -> Outcome {
    let all: Vec<std::ffi::OsString> =
        ["stakepoolctl", "selftest", "--json"].iter().chain(arguments).map(Into::into).collect();
    let run = move || {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let streams = Streams { input: &mut &b""[..], output: &mut output, errors: &mut errors };
        let code = stakepoolctl::run(all, streams);
        (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
    };
    let (code, output, errors) = spawn_blocking(run).await.unwrap();
    let rows = if output.is_empty() { Vec::new() } else { serde_json::from_str(&output).unwrap() };
    Outcome { code, rows, errors }
}

/// An authority of our own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What a server shows for a name, until a year.
    fn server(&self, name: &str, until: i32) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A proxy that speaks TLS before the web application. Ends with the test.
async fn front(acceptor: TlsAcceptor, web: SocketAddr) -> u16 {
    front_by(move |_| acceptor.clone(), web).await
}

/// As [`front`], each connection, counted from 1, as is chosen for it.
async fn front_by(choose: impl Fn(usize) -> TlsAcceptor + Send + 'static, web: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = choose(number);
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut web = TcpStream::connect(web).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut web).await;
            });
        }
    });
    port
}

/// Plain HTTP with one answer for everything.
async fn plain_http(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port.to_string()
}

async fn redirect(port: u16) -> String {
    let to = format!("https://localhost:{port}/signin");
    plain_http(format!("HTTP/1.1 301 Moved\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await
}

fn web_address(web: &stakepool_examples::SmallWeb) -> SocketAddr {
    web.url().strip_prefix("http://").unwrap().parse().unwrap()
}

/// A file for the command.
fn file(folder: &TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_reached_as_it_is_passes_and_every_call_of_the_api_is_tried() {
    let scene = Scene::set(Generation::Today, 1).await;
    let web = scene.web().await;
    let key = file(&scene.folder, "key", &scene.pool.api_key(scene.user).await.unwrap());
    let outcome = selftest(&[web.url(), "--api-key", &format!("file:{key}")]).await;
    assert_eq!((outcome.code, outcome.failed()), (0, vec![]), "{:#?}", outcome.rows);
    for version in ["v1", "v2"] {
        assert_eq!(outcome.of(&format!("GET /api/{version}/stats")).0, "OK");
        for call in ["GET /api/{}/getpurchaseinfo", "POST /api/{}/address", "POST /api/{}/voting"] {
            for whose in ["without a key", "with a wrong key"] {
                assert_eq!(outcome.of(&format!("{} {whose}", call.replace("{}", version))).0, "OK");
            }
        }
    }
    let well = ["content-security-policy", "permissions-policy", "clock", "caches", "packed", "HEAD"];
    for check in well.into_iter().chain(["bodies of 900 KiB", "bodies of 3 MiB", "GET //api/v2/stats"]) {
        assert_eq!(outcome.of(check).0, "OK", "{check}");
    }
    assert_eq!(outcome.of("GET /api/v2/getpurchaseinfo with the key").1, "success | ");
    assert!(outcome.of("tls").1.contains("without TLS"));
    // This pool names nobody.
    let security = outcome.of("security.txt");
    assert!(security.0 == "WARN" && security.1.contains("securitycontact"), "{security:?}");

    let wrong = file(&scene.folder, "wrong", "nonsense");
    let outcome = selftest(&[web.url(), "--api-key", &format!("file:{wrong}")]).await;
    assert_eq!((outcome.code, outcome.failed()), (1, vec!["GET /api/v2/getpurchaseinfo with the key"]));
    assert!(outcome.errors.contains("1 of") && outcome.errors.contains("checks failed"), "{}", outcome.errors);
    web.stop().await.unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_judged_as_browsers_do_and_a_wrong_one_hides_nothing_else() {
    let scene = Scene::set(Generation::Today, 1).await;
    let web = scene.web().await;
    let address = web_address(&web);
    let authority = Authority::new();
    let ca = file(&scene.folder, "ca.pem", &authority.pem);
    let key = format!("file:{}", file(&scene.folder, "key", &scene.pool.api_key(scene.user).await.unwrap()));
    let run = async |acceptor: TlsAcceptor, ca: Option<&str>| {
        let port = front(acceptor, address).await;
        let (url, http) = (format!("https://localhost:{port}"), redirect(port).await);
        let mut arguments = vec![url.as_str(), "--http-port", &http, "--api-key", &key];
        arguments.extend(ca.into_iter().flat_map(|ca| ["--ca", ca]));
        selftest(&arguments).await
    };
    let good = run(authority.server("localhost", 2090), Some(&ca)).await;
    assert_eq!((good.code, good.failed()), (0, vec![]), "{:#?}", good.rows);
    for check in ["certificate", "certificate end", "redirect", "GET /api/v2/getpurchaseinfo with the key"] {
        assert_eq!(good.of(check).0, "OK", "{check}");
    }
    assert_eq!(good.of("tls").1, "TLS 1.3 | ");
    // The web application was not told of the proxy's TLS.
    assert_eq!((good.of("strict-transport-security").0, good.of("cookies").0), ("WARN", "WARN"));

    for (acceptor, ca, found, remedy) in [
        (authority.server("localhost", 2090), None, "nobody whom browsers trust", "fullchain"),
        (authority.server("other.example", 2090), Some(ca.as_str()), "for another name", "made for this name"),
        (authority.server("localhost", 2021), Some(ca.as_str()), "has ended", "renew"),
    ] {
        let outcome = run(acceptor, ca).await;
        assert_eq!((outcome.code, outcome.failed()), (1, vec!["certificate"]), "{:#?}", outcome.rows);
        let (_, text) = outcome.of("certificate");
        assert!(text.contains(found) && text.contains(remedy), "{text}");
        assert_eq!(outcome.of("GET /api/v2/stats").0, "OK", "the rest is looked at all the same");
        assert_eq!(outcome.of("the key").0, "WARN", "no key goes to a server that may be anybody");
    }
    let port = front(authority.server("localhost", 2090), address).await;
    let open = plain_http("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()).await;
    let outcome = selftest(&[&format!("https://localhost:{port}"), "--http-port", &open, "--ca", &ca]).await;
    assert_eq!((outcome.code, outcome.failed()), (1, vec!["redirect"]));
    web.stop().await.unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_not_sent_once_any_connection_had_a_wrong_certificate() {
    let scene = Scene::set(Generation::Today, 1).await;
    let web = scene.web().await;
    let address = web_address(&web);
    let authority = Authority::new();
    let ca = file(&scene.folder, "ca.pem", &authority.pem);
    let key = format!("file:{}", file(&scene.folder, "key", &scene.pool.api_key(scene.user).await.unwrap()));
    let (right, wrong) = (authority.server("localhost", 2090), authority.server("other.example", 2090));
    // How many connections there were, with a wrong certificate on one of them.
    let run = async |wrong_one: usize| {
        let count = Arc::new(AtomicUsize::new(0));
        let (seen, right, wrong) = (Arc::clone(&count), right.clone(), wrong.clone());
        let choose = move |number| {
            seen.store(number, Ordering::SeqCst);
            if number == wrong_one { wrong.clone() } else { right.clone() }
        };
        let port = front_by(choose, address).await;
        let (url, http) = (format!("https://localhost:{port}"), redirect(port).await);
        let outcome = selftest(&[url.as_str(), "--http-port", &http, "--api-key", &key, "--ca", &ca]).await;
        (outcome, count.load(Ordering::SeqCst))
    };
    let (good, connections) = run(usize::MAX).await;
    assert_eq!((good.code, good.failed()), (0, vec![]), "{:#?}", good.rows);
    assert_eq!(good.of("GET /api/v2/getpurchaseinfo with the key").0, "OK");
    // One in the midst, and the very one over which the key would go.
    for wrong_one in [connections / 2, connections] {
        let (outcome, all) = run(wrong_one).await;
        assert!(outcome.of("certificate").0 == "OK" && all <= connections, "{:#?}", outcome.rows);
        assert_eq!(outcome.failed(), ["certificate of every connection"], "{:#?}", outcome.rows);
        let (verdict, text) = outcome.of("the key");
        assert!(verdict == "WARN" && text.contains("was not sent") && text.contains("https://"), "{text}");
    }
    web.stop().await.unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_told_also_where_the_configuration_cannot_be_used() {
    let broken =
        plain_http("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()).await;
    let outcome = selftest(&[&format!("http://127.0.0.1:{broken}"), "-C", "/nowhere/pool.conf"]).await;
    assert_eq!((outcome.code, outcome.failed()), (2, vec!["front page"]));
    assert!(outcome.errors.contains("/nowhere/pool.conf"), "{}", outcome.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_spoils_the_way_and_one_that_is_not_there_are_found() {
    let broken =
        plain_http("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()).await;
    let outcome = selftest(&[&format!("http://127.0.0.1:{broken}")]).await;
    assert_eq!((outcome.code, outcome.failed()), (1, vec!["front page"]));
    assert!(outcome.of("front page").1.contains("start stakepool-web"));
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outcome = selftest(&[&format!("http://{free}")]).await;
    assert_eq!((outcome.code, outcome.failed()), (1, vec!["connection"]));
    let outcome = selftest(&["http://no-such-name.invalid"]).await;
    assert_eq!((outcome.code, outcome.failed()), (1, vec!["name"]));
    for wrong in [&["pool.example"][..], &["http://127.0.0.1", "--api-key", "written-out"]] {
        assert_eq!(selftest(wrong).await.code, 2, "{wrong:?}");
    }
}
