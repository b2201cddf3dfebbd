//! What hostile streams cost the daemon in memory: the most that the real process ever held.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::Signal;
use stakepool_core::chain::{Hash160, Network, ScriptAddress};
use stakepool_core::ports::VotingDaemon as _;
use stakepool_rpc::tls::pinned_client_config;
use stakepool_sim::SimNetwork;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::daemon::{Daemon, Home, PATIENCE, TOKEN, stops_cleanly_at};

/// The most that it may hold at any time, and the most that floods may add to what it held before, in KiB.
const MOST: u64 = 90 << 10;
const MOST_ADDED: u64 = 40 << 10;

type Body = http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>;

/// The most that the process ever held, in KiB.
fn peak(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn connect(home: &Home, address: &str) -> Option<SendRequest<Body>> {
    let certificate = fs::read(home.path().join("rpc.cert")).unwrap();
    let mut config = pinned_client_config(&certificate).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.ok()?;
    let stream = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await.ok()?;
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    Some(sender)
}

/// A message with its length before it.
fn message(bytes: &[u8]) -> Bytes {
    [&[0], &u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat().into()
}

/// A piece of a thousand users, as the web sends them.
fn users() -> Bytes {
    let mut piece = Vec::new();
    for number in 0..1000_u16 {
        let mut hash = [7; 20];
        hash[..2].copy_from_slice(&number.to_le_bytes());
        let address = ScriptAddress::new(Network::Simnet, Hash160(hash)).to_string();
        let user = [&[0x08, 0x01, 0x12, address.len() as u8], address.as_bytes()].concat();
        piece.extend([0x0a, user.len() as u8]);
        piece.extend(user);
    }
    message(&piece)
}

/// A piece of empty users, two bytes each, as many as are let through.
fn empty_users() -> Bytes {
    message(&[0x0a, 0].repeat(100_000))
}

/// A piece that says nothing, of nearly the largest size.
fn nothing() -> Bytes {
    let length = 4_000_000_u32;
    let mut piece = vec![0x4a];
    let mut rest = length;
    while rest >= 0x80 {
        piece.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    piece.push(rest as u8);
    piece.resize(piece.len() + length as usize, 0);
    message(&piece)
}

fn request(call: &str, token: &str, frame: Bytes) -> Request<Body> {
    let frames = stream::repeat(frame).map(|frame| Ok(Frame::data(frame)));
    Request::post(format!("https://localhost/excc.stakepool.v1.PoolDaemon/{call}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"))
        .body(http_body_util::BodyExt::boxed(StreamBody::new(frames)))
        .unwrap()
}

/// Sends pieces without an end over a connection of its own. Whether that ended.
async fn flood(home: &Home, address: &str, frame: &Bytes) -> bool {
    let Some(mut sender) = connect(home, address).await else { return false };
    if let Ok(answer) = sender.send_request(request("PutWanted", TOKEN, frame.clone())).await {
        // The refusal may come behind the answer.
        let _ = answer.into_body().collect().await;
    }
    true
}

/// Makes many calls at once without the token, each with a body that never ends.
async fn stranger(home: &Home, address: &str, frame: &Bytes) {
    let Some(sender) = connect(home, address).await else { return };
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (mut sender, request) = (sender.clone(), request("PutWanted", "not-the-token-at-all", frame.clone()));
        calls.spawn(async move { sender.send_request(request).await.map(|answer| answer.status()) });
    }
    while let Some(answered) = calls.join_next().await {
        // A refusal in gRPC is an answer in HTTP.
        assert!(!matches!(answered, Ok(Ok(status)) if status != StatusCode::OK));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_without_an_end_do_not_fill_its_memory() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let address = home.listen();
    let mut daemon = home.start();
    tokio::task::block_in_place(|| daemon.until_it_says("gRPC is served"));
    let at_rest = peak(&daemon);
    let floods = async {
        let strangers = stream::iter(0..20).for_each_concurrent(None, |_| async {
            stranger(&home, &address, &nothing()).await;
        });
        strangers.await;
        for frame in [users(), empty_users(), nothing()] {
            let refused = stream::iter(0..2).map(|_| flood(&home, &address, &frame)).buffer_unordered(2);
            assert!(refused.all(async |refused| refused).await);
        }
    };
    timeout(3 * PATIENCE, floods).await.expect("the floods are refused");
    let flooded = peak(&daemon);
    println!("at rest {at_rest} KiB, flooded {flooded} KiB at most");
    assert!(flooded < MOST && flooded - at_rest < MOST_ADDED, "at rest {at_rest} KiB, flooded {flooded} KiB at most");
    // Who may call is still answered.
    let status = timeout(Duration::from_secs(30), home.client(&address).status()).await.expect("in time").unwrap();
    assert_eq!(status.users, 0);
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}
