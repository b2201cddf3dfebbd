//! `vsp listing` against a pool's real answers, passed on by proxies that do so well or badly.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use stakepool::vsp::{DaemonsSeen, Request, Vsp};
use stakepool_config::NewKeyFile;
use stakepool_core::vsp::SignedAnswer;

use crate::scene::Scene;
use crate::web::config;

/// What a proxy does to answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proxy {
    PassesOn,
    DropsSignatures,
    AnswersItself,
    WantsOneSlash,
}

/// What the pool answers.
struct Answers {
    info: SignedAnswer,
    refusal: SignedAnswer,
}

/// The pool of a scene behind a proxy; its address.
async fn behind(scene: &Scene, proxy: Proxy) -> String {
    let config = config(scene);
    let stores = Arc::new(scene.database().await).into();
    let vsp = config.open_vsp(&stores, &config.vsp_nodes().unwrap(), NewKeyFile::Make).await.unwrap().unwrap();
    vsp.look(DaemonsSeen::default()).await;
    let answers = Answers { info: (*vsp.info()).clone(), refusal: unknown_ticket(&vsp).await };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), proxy, &answers)));
    format!("http://{address}")
}

async fn unknown_ticket(vsp: &Vsp) -> SignedAnswer {
    let body = format!(r#"{{"tickethash":"{}"}}"#, "0".repeat(64));
    vsp.ticket_status(Request { body: body.as_bytes(), signature: Some("AA==") }).await
}

fn serve(mut stream: TcpStream, proxy: Proxy, answers: &Answers) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let (method, path) = first.rsplit_once(' ').unwrap().0.split_once(' ').unwrap();
    let mut headers = vec!["access-control-allow-origin: *".to_owned()];
    let (status, body) = match (method, path) {
        _ if proxy == Proxy::AnswersItself => (404, b"<html>not here</html>".to_vec()),
        (_, "//api/v3/vspinfo") if proxy == Proxy::WantsOneSlash => (404, Vec::new()),
        ("OPTIONS", _) => {
            headers.push("access-control-allow-headers: Content-Type, VSP-Client-Signature".to_owned());
            (204, Vec::new())
        }
        (method, _) => {
            let SignedAnswer { status, body, signature } =
                if method == "GET" { &answers.info } else { &answers.refusal };
            if proxy != Proxy::DropsSignatures {
                headers.push(format!("vsp-server-signature: {signature}"));
            }
            headers.push("access-control-expose-headers: VSP-Server-Signature".to_owned());
            (*status, body.clone())
        }
    };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{}\r\n\r\n", body.len(), headers.join("\r\n"));
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
}

/// A pool that its operator has closed: it answers with all fields, whatever its node does.
async fn closed() -> Scene {
    let scene = Scene::set(1).await;
    scene.database().await.close().await;
    scene.serve_wallets_of_today();
    scene.make_vsp_key();
    scene.reconfigure("vsp=1", "vsp=1\nvspclosed=1\nvspclosedmsg=we move");
    scene
}

/// The checks with their verdicts, and the exit code.
fn listed(scene: &Scene, arguments: &[&str]) -> (i32, Vec<(String, String, String)>) {
    let outcome = scene.run(&[&["vsp", "listing", "--json"], arguments].concat());
    let rows: Value = serde_json::from_str(&outcome.output).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows =
        rows.as_array().unwrap().iter().map(|row| (text(&row["check"]), text(&row["verdict"]), text(&row["found"])));
    (outcome.code, rows.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_a_proxy_passes_on_as_it_is_would_be_listed_but_for_https_and_being_closed() {
    let scene = closed().await;
    let url = behind(&scene, Proxy::PassesOn).await;
    let (code, rows) = listed(&scene, &[&url]);
    assert_eq!(code, 1);
    let not_ok: Vec<_> = rows.iter().filter(|row| row.1 != "OK").map(|row| (row.0.as_str(), row.1.as_str())).collect();
    assert_eq!(not_ok, [("https", "FAIL"), ("open", "WARN")], "{rows:?}");
    assert!(rows.iter().any(|row| row.2 == "closed: we move"));
    assert_eq!(rows.len(), 10, "{rows:?}");
    // From elsewhere, without a configuration.
    let outcome = crate::scene::run(scene.home.path(), &["vsp", "listing", &url, "--network", "mainnet"], "");
    assert!(outcome.output.contains("`network` is `simnet`, and mainnet was asked for"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_spoils_is_named() {
    for (proxy, failed) in [
        (Proxy::DropsSignatures, &["https", "signature", "GET //api/v3/vspinfo", "POST /api/v3/ticketstatus"][..]),
        (Proxy::AnswersItself, &["https", "signature", "GET /api/v3/vspinfo"]),
        (Proxy::WantsOneSlash, &["https", "GET //api/v3/vspinfo"]),
    ] {
        let scene = closed().await;
        let url = behind(&scene, proxy).await;
        let (code, rows) = listed(&scene, &[&url]);
        let found: Vec<_> = rows.iter().filter(|row| row.1 == "FAIL").map(|row| row.0.as_str()).collect();
        assert_eq!((code, found.as_slice()), (1, failed), "{rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_pools_key_and_one_that_takes_no_tickets_are_refused() {
    let (scene, other) = (closed().await, closed().await);
    let url = behind(&other, Proxy::PassesOn).await;
    // Each pool makes its key at random.
    let (_, rows) = listed(&scene, &[&url]);
    assert!(rows.iter().any(|row| row.0 == "signature" && row.2.contains("not this pool's key")), "{rows:?}");
    other.reconfigure("vspclosed=1", "vspclosed=0");
    let url = behind(&other, Proxy::PassesOn).await;
    let (_, rows) = listed(&other, &[&url]);
    assert!(rows.iter().any(|row| row.2.contains("503: no tickets are taken at this moment")), "{rows:?}");
}
