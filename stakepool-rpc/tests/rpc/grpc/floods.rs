//! Streams without an end, and messages that are far larger in memory than on the wire, both ways: what is taken of them is
//! counted.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use stakepool_core::ports::{DaemonError, EventCursor, VotingDaemon};
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::tls::{KeyPair, server_config};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::{Code, Status};

use super::fake::{address, entry, wanted};
use super::peers::{self, Piece};
use super::{Daemon, token, with_token};
use crate::tls::made_with;

#[derive(Clone, PartialEq, Message)]
struct WantedUser {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    address: String,
}

#[derive(Clone, PartialEq, Message)]
struct AddedTicket {
    #[prost(bytes, tag = "1")]
    ticket: Vec<u8>,
    #[prost(string, tag = "2")]
    address: String,
}

/// A piece of the wanted state, or of anything else that has lists first.
#[derive(Clone, PartialEq, Message)]
struct Lists {
    #[prost(message, repeated, tag = "1")]
    users: Vec<WantedUser>,
    #[prost(message, repeated, tag = "2")]
    added: Vec<AddedTicket>,
}

const PIECE: u32 = 1_000;

fn users(_: usize) -> Lists {
    Lists {
        users: (0..PIECE).map(|n| WantedUser { id: n.into(), address: address(n).to_string() }).collect(),
        added: Vec::new(),
    }
}

fn added(_: usize) -> Lists {
    let ticket = |n| AddedTicket { ticket: entry(n).ticket.as_bytes().to_vec(), address: address(n).to_string() };
    Lists { users: Vec::new(), added: (0..PIECE).map(ticket).collect() }
}

/// Puts pieces without an end; how many were taken from us, and the refusal.
async fn put_endless(daemon: &Daemon, piece: fn(usize) -> Lists) -> (usize, Status) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let piece = piece(0);
    let pieces = stream::repeat_with(move || {
        count.fetch_add(1, SeqCst);
        piece.clone()
    });
    let refusal = peers::put_desired(peers::channel(daemon), pieces).await.unwrap_err();
    (sent.load(SeqCst), refusal)
}

#[tokio::test]
async fn users_and_added_tickets_without_end_are_refused_after_a_hundred_thousand() {
    let daemon = Daemon::start(with_token()).await;
    daemon.client().put_desired(&wanted(2, 2)).await.unwrap();
    for (piece, list) in [(users as fn(usize) -> Lists, "users"), (added, "added")] {
        let (sent, refusal) = put_endless(&daemon, piece).await;
        assert!(refusal.message().contains(list) && refusal.message().contains("at most 100000"), "{refusal}");
        // Beside those that are taken there is what both sides hold back for each other.
        assert!((100..130).contains(&sent), "{sent} pieces of {PIECE} {list}");
    }
    assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(2, 2));
    daemon.stop().await;
}

#[tokio::test]
async fn pieces_with_nothing_in_them_are_refused_once_they_are_more_bytes_than_a_state_can_have() {
    #[derive(Clone, PartialEq, Message)]
    struct Unknown {
        #[prost(bytes, tag = "99")]
        bytes: Vec<u8>,
    }
    let daemon = Daemon::start(with_token()).await;
    let pieces = stream::repeat_with(|| Unknown { bytes: vec![0; 1 << 20] });
    let refusal = peers::put_desired(peers::channel(&daemon), pieces).await.unwrap_err();
    assert!(refusal.message().contains("larger than any"), "{refusal}");
    daemon.stop().await;
}

#[tokio::test]
async fn two_bytes_an_entry_do_not_fill_the_daemons_memory() {
    let daemon = Daemon::start(with_token()).await;
    let empty = |_| Lists { users: vec![WantedUser::default(); 100_001], added: Vec::new() };
    let (_, refusal) = put_endless(&daemon, empty).await;
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
    assert!(refusal.message().contains("more than 100000 entries"), "{refusal}");
    daemon.stop().await;
}

#[tokio::test]
async fn an_address_of_megabytes_comes_back_as_a_few_words() {
    let daemon = Daemon::start(with_token()).await;
    let long = WantedUser { id: 1, address: "S".repeat(3 << 20) };
    let pieces = stream::iter([Lists { users: vec![long], added: Vec::new() }]);
    let refusal = peers::put_desired(peers::channel(&daemon), pieces).await.unwrap_err();
    assert!(
        refusal.message().starts_with("users[0].address") && refusal.message().len() < 600,
        "{}",
        refusal.message().len()
    );
    daemon.stop().await;
}

#[tokio::test]
async fn one_whose_pieces_do_not_come_gives_way_to_the_next() {
    let daemon = Daemon::start(with_token()).await;
    let silent = peers::put_desired(
        peers::channel(&daemon),
        futures_util::StreamExt::chain(stream::iter([Piece { digest: Vec::new() }]), stream::pending()),
    );
    let silent = tokio::spawn(silent);
    // The first has its turn once it is found to be silent by a second; a third may follow at once.
    while !silent.is_finished() {
        daemon.client().put_desired(&wanted(3, 0)).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(silent.await.unwrap().unwrap_err().code(), Code::Aborted);
    daemon.stop().await;
}

/// A daemon that answers every call with one message, again and again without an end.
struct Endless {
    address: String,
    certificate: String,
    client: DaemonClient,
    sent: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Endless {
    async fn start(message: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (certificate, key) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
        let mut config =
            server_config(KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap(), None).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let client = client(&address, &certificate);
        let sent = Arc::new(AtomicUsize::new(0));
        let task =
            tokio::spawn(answer_all(listener, TlsAcceptor::from(Arc::new(config)), frame(&message), sent.clone()));
        Self { address, certificate, client, sent, task }
    }
}

fn client(address: &str, certificate: &str) -> DaemonClient {
    DaemonClient::new(ClientOptions::new(address, certificate).with_token(token())).unwrap()
}

fn frame(message: &[u8]) -> Bytes {
    [&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat().into()
}

async fn answer_all(listener: TcpListener, acceptor: TlsAcceptor, frame: Bytes, sent: Arc<AtomicUsize>) {
    loop {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let (frame, sent) = (frame.clone(), sent.clone());
        let service = service_fn(move |_: Request<Incoming>| {
            let (frame, sent) = (frame.clone(), sent.clone());
            async move {
                let frames = stream::repeat_with(move || {
                    sent.fetch_add(1, SeqCst);
                    Ok::<_, Infallible>(Frame::data(frame.clone()))
                });
                let answer =
                    Response::builder().header("content-type", "application/grpc").body(StreamBody::new(frames));
                Ok::<_, Infallible>(answer.unwrap())
            }
        });
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
    }
}

fn reason<T: std::fmt::Debug>(result: Result<T, DaemonError>) -> String {
    match result.unwrap_err() {
        DaemonError::Failed { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

/// The entry of an event, as it stands in a piece.
fn vote(failure: &str) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Vote {
        #[prost(bytes, tag = "1")]
        ticket: Vec<u8>,
        #[prost(string, tag = "2")]
        address: String,
        #[prost(bytes, tag = "3")]
        block: Vec<u8>,
        #[prost(int32, tag = "6")]
        outcome: i32,
        #[prost(string, tag = "7")]
        failure: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Event {
        #[prost(message, optional, tag = "3")]
        vote: Option<Vote>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Events {
        #[prost(message, repeated, tag = "1")]
        events: Vec<Event>,
    }
    let hash = entry(1).ticket.as_bytes().to_vec();
    let vote = Vote {
        ticket: hash.clone(),
        address: address(1).to_string(),
        block: hash,
        outcome: 4,
        failure: failure.to_owned(),
    };
    Events { events: vec![Event { vote: Some(vote) }] }.encode_to_vec()
}

#[tokio::test]
async fn events_without_end_are_refused_after_fifty_thousand() {
    let daemon = Endless::start(vote("x").repeat(1_000)).await;
    let reason = reason(daemon.client.events(EventCursor::default()).await);
    assert!(reason.contains("a batch has at most 50000"), "{reason}");
    let sent = daemon.sent.load(SeqCst);
    assert!((50..90).contains(&sent), "{sent} pieces of 1000 events");
    daemon.task.abort();
}

#[tokio::test]
async fn empty_events_are_refused_before_they_are_memory() {
    let daemon = Endless::start([0x0a, 0].repeat(100_001)).await;
    let reason = reason(daemon.client.events(EventCursor::default()).await);
    assert!(reason.contains("more than 100000 entries"), "{reason}");
    daemon.task.abort();
}

#[tokio::test]
async fn a_status_is_read_up_to_what_an_honest_one_may_have() {
    // Lists within the status would be memory before they are counted.
    let daemon = Endless::start(vec![0x72; (256 << 10) + 1]).await;
    let reason = reason(daemon.client.status().await);
    assert!(reason.contains("OutOfRange"), "{reason}");
    daemon.task.abort();
}

#[tokio::test]
async fn an_answer_of_more_than_four_megabytes_is_not_read() {
    let daemon = Endless::start(vec![0x72; (4 << 20) + 1]).await;
    for reason in [
        reason(daemon.client.status().await),
        reason(daemon.client.live_tickets().await),
        reason(daemon.client.events(EventCursor::default()).await),
    ] {
        assert!(reason.contains("OutOfRange"), "{reason}");
    }
    assert!(daemon.sent.load(SeqCst) < 10);
    daemon.task.abort();
}

/// The most that this process ever held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Not a test of its own: the other process of the one below.
#[tokio::test]
#[ignore = "needs to be started by the other test"]
async fn client_of_an_endless_daemon() {
    // Where all ignored tests are run, nobody has started it.
    let Ok(address) = std::env::var("ENDLESS_ADDRESS") else { return };
    let client = client(&address, &std::env::var("ENDLESS_CERTIFICATE").unwrap());
    let before = peak();
    for _ in 0..3 {
        assert!(client.events(EventCursor::default()).await.is_err());
    }
    println!("{before} KiB before, {} KiB at most", peak());
    assert!(peak() < 90 << 10, "{before} KiB before, {} KiB at most", peak());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_answers_without_an_end_does_not_fill_the_memory_of_the_process_that_asked() {
    let long = vote(&"x".repeat(400));
    for message in [vote("x").repeat(1_000), long.repeat(6_000), [0x0a, 0].repeat(100_000), vec![0x72; 4 << 20]] {
        let daemon = Endless::start(message).await;
        let ended = tokio::task::block_in_place(|| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "grpc::floods::client_of_an_endless_daemon", "--ignored", "--nocapture"])
                .env("ENDLESS_ADDRESS", &daemon.address)
                .env("ENDLESS_CERTIFICATE", &daemon.certificate)
                .output()
                .unwrap()
        });
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(ended.status.success() && said.contains("KiB at most"), "{said}");
        println!("{}", said.lines().find(|line| line.contains("KiB at most")).unwrap());
        daemon.task.abort();
    }
}
