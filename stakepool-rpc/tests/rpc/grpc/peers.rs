//! The predecessor's programs, played by messages that are written down here a second time.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use futures_util::Stream;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::uri::PathAndQuery;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use rustls::pki_types::ServerName;
use stakepool_core::ports::{DaemonError, EventCursor, VotingDaemon};
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::tls::{KeyPair, pinned_client_config, server_config};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::fake::{address, entry, wanted};
use super::{Daemon, TOKEN};
use crate::tls::made_with;

#[derive(Clone, PartialEq, Message)]
struct Ticket {
    #[prost(string, tag = "1")]
    address: String,
    #[prost(bytes, tag = "2")]
    hash: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Tickets {
    #[prost(message, repeated, tag = "1")]
    tickets: Vec<Ticket>,
}

#[derive(Clone, PartialEq, Message)]
struct User {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    address: String,
    #[prost(int64, tag = "3")]
    bits: i64,
    #[prost(int64, tag = "4")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Users {
    #[prost(message, repeated, tag = "1")]
    users: Vec<User>,
}

#[derive(Clone, PartialEq, Message)]
struct Version {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(uint32, tag = "2")]
    major: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Empty {}

/// A piece of the wanted state, without what this test never sends.
#[derive(Clone, PartialEq, Message)]
pub struct Piece {
    #[prost(bytes, tag = "3")]
    pub digest: Vec<u8>,
}

/// Open to the predecessor's programs, which show nothing.
fn open() -> Access {
    Access::default().with_old_clients(true)
}

/// A connection to a daemon.
pub fn channel(daemon: &Daemon) -> Channel {
    let mut config = pinned_client_config(daemon.certificate.as_bytes()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (tls, address) = (TlsConnector::from(Arc::new(config)), daemon.address);
    Endpoint::from_static("https://localhost").connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let tls = tls.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.map(TokioIo::new)
        }
    }))
}

/// A connection on which nothing is called.
pub async fn connect(daemon: &Daemon) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut config = pinned_client_config(daemon.certificate.as_bytes()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(daemon.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// A call as the predecessor makes it: without a token.
async fn call<Q: Message + 'static, A: Message + Default + 'static>(
    channel: Channel,
    path: &'static str,
    message: Q,
) -> Result<A, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let codec = ProstCodec::<Q, A>::default();
    grpc.unary(tonic::Request::new(message), PathAndQuery::from_static(path), codec).await.map(|a| a.into_inner())
}

/// Sends pieces of the wanted state, with the token.
pub async fn put_desired<P: Message + 'static>(
    channel: Channel,
    pieces: impl Stream<Item = P> + Send + 'static,
) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let mut request = tonic::Request::new(pieces);
    request.metadata_mut().insert("authorization", MetadataValue::try_from(format!("Bearer {TOKEN}")).unwrap());
    let path = PathAndQuery::from_static("/excc.stakepool.v1.PoolDaemon/PutWanted");
    grpc.client_streaming(request, path, ProstCodec::<P, Empty>::default()).await.map(|_| ())
}

const SET_USERS: &str = "/stakepoolrpc.StakepooldService/SetUserVotingPrefs";
const SET_ADDED: &str = "/stakepoolrpc.StakepooldService/SetAddedLowFeeTickets";
const GET_ADDED: &str = "/stakepoolrpc.StakepooldService/GetAddedLowFeeTickets";
const GET_LIVE: &str = "/stakepoolrpc.StakepooldService/GetLiveTickets";
const GET_IGNORED: &str = "/stakepoolrpc.StakepooldService/GetIgnoredLowFeeTickets";
const PING: &str = "/stakepoolrpc.StakepooldService/Ping";
const VERSION: &str = "/stakepoolrpc.VersionService/Version";

fn ticket(n: u32) -> Ticket {
    Ticket { address: address(n).to_string(), hash: entry(n).ticket.as_bytes().to_vec() }
}

fn user(n: u32) -> User {
    User { id: i64::from(n) + 1, address: address(n).to_string(), bits: n.into(), version: i64::from(u32::MAX - n) }
}

#[tokio::test]
async fn the_predecessors_web_can_make_all_its_calls() {
    let daemon = Daemon::start(open()).await;
    let channel = channel(&daemon);
    let version: Version = call(channel.clone(), VERSION, Empty {}).await.unwrap();
    assert_eq!((version.text.as_str(), version.major), ("4.0.0", 4));
    let _: Empty = call(channel.clone(), PING, Empty {}).await.unwrap();

    // Each Set replaces everything.
    for n in [3, 2] {
        let users = Users { users: (0..n).map(user).collect() };
        let tickets = Tickets { tickets: (0..n).map(ticket).collect() };
        let _: Empty = call(channel.clone(), SET_USERS, users).await.unwrap();
        let _: Empty = call(channel.clone(), SET_ADDED, tickets.clone()).await.unwrap();
        assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(n, n));
        assert_eq!(call::<_, Tickets>(channel.clone(), GET_ADDED, Empty {}).await.unwrap(), tickets);
    }
    {
        let mut told = daemon.backend.received.lock().unwrap();
        (told.live, told.ignored) = (vec![entry(8)], vec![entry(9), entry(10)]);
    }
    let live: Tickets = call(channel.clone(), GET_LIVE, Empty {}).await.unwrap();
    let ignored: Tickets = call(channel, GET_IGNORED, Empty {}).await.unwrap();
    assert_eq!((live.tickets, ignored.tickets), (vec![ticket(8)], vec![ticket(9), ticket(10)]));
    daemon.stop().await;
}

#[tokio::test]
async fn fifty_thousand_tickets_fit_into_what_the_predecessor_takes() {
    let tickets = Tickets { tickets: (0..50_000).map(ticket).collect() };
    assert!(tickets.encoded_len() < 4 << 20);
    let daemon = Daemon::start(open()).await;
    daemon.backend.received.lock().unwrap().live = (0..50_000).map(entry).collect();
    // This client takes 4 MiB, as the predecessor's.
    assert!(call::<_, Tickets>(channel(&daemon), GET_LIVE, Empty {}).await.unwrap() == tickets);
    daemon.stop().await;
}

#[tokio::test]
async fn nobody_can_make_the_daemon_read_more_than_the_predecessors_did() {
    let many = Users { users: (0..100_000).map(user).collect() };
    assert!(many.encoded_len() > 4 << 20);
    let with_token = || super::with_token().with_old_clients(true);
    for access in [open(), with_token()] {
        let daemon = Daemon::start(access).await;
        let error = call::<_, Empty>(channel(&daemon), SET_USERS, many.clone()).await.unwrap_err();
        assert_eq!(error.code(), Code::OutOfRange, "{error}");
        assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(0, 0));
        daemon.stop().await;
    }
    let daemon = Daemon::start(with_token()).await;
    let mut request = tonic::Request::new(many);
    request.metadata_mut().insert("authorization", MetadataValue::try_from(format!("Bearer {TOKEN}")).unwrap());
    let mut grpc = Grpc::new(channel(&daemon));
    grpc.ready().await.unwrap();
    let answer = grpc.unary(request, PathAndQuery::from_static(SET_USERS), ProstCodec::<Users, Empty>::default()).await;
    assert_eq!(answer.unwrap_err().code(), Code::OutOfRange);
    daemon.stop().await;
}

#[tokio::test]
async fn a_bad_entry_is_named_and_changes_nothing() {
    let daemon = Daemon::start(open()).await;
    let channel = channel(&daemon);
    let tickets = Tickets { tickets: vec![ticket(0), Ticket { address: String::new(), ..ticket(1) }] };
    let error = call::<_, Empty>(channel.clone(), SET_ADDED, tickets).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.message(), "tickets[1].TicketAddress: a multisig address is missing");
    let users = Users { users: vec![user(0), User { bits: 70_000, ..user(1) }] };
    let error = call::<_, Empty>(channel, SET_USERS, users).await.unwrap_err();
    assert_eq!(error.message(), "user_voting_config[1].VoteBits: 70000 is not from 0 to 65535");
    assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(0, 0));
    daemon.stop().await;
}

#[tokio::test]
async fn pieces_that_end_without_a_digest_change_nothing() {
    let daemon = Daemon::start(super::with_token()).await;
    daemon.client().put_desired(&wanted(2, 2)).await.unwrap();
    let error = put_desired(channel(&daemon), tokio_stream::iter([Piece::default()])).await.unwrap_err();
    assert_eq!(error.message(), "the pieces ended without the digest");
    let wrong = Piece { digest: vec![1; 32] };
    let error = put_desired(channel(&daemon), tokio_stream::iter([wrong])).await.unwrap_err();
    assert!(error.message().starts_with("digest: does not match"), "{error}");
    assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(2, 2));
    daemon.stop().await;
}

/// A daemon of the predecessor: busy at its first command, and ignorant of every service but its own.
async fn predecessor(listener: TcpListener, pair: KeyPair, seen: Arc<Mutex<Vec<(String, Bytes)>>>) {
    let mut config = server_config(pair, None).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let seen = seen.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let seen = seen.clone();
            async move {
                let path = request.uri().path().to_owned();
                if !path.starts_with("/stakepoolrpc.") {
                    return Ok::<_, Infallible>(answer(12, "unknown service", None));
                }
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let mut seen = seen.lock().unwrap();
                seen.push((path, body));
                if seen.len() == 1 {
                    return Ok(answer(2, "context deadline exceeded", None));
                }
                Ok(answer(0, "", Some(Empty {}.encode_to_vec())))
            }
        });
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
    }
}

type Answer = http_body_util::combinators::BoxBody<Bytes, Infallible>;

fn answer(code: u8, text: &str, message: Option<Vec<u8>>) -> Response<Answer> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", code.to_string().parse().unwrap());
    trailers.insert("grpc-message", text.parse().unwrap());
    let frame = message.map_or_else(Vec::new, |message| [vec![0, 0, 0, 0, message.len() as u8], message].concat());
    let body = Full::new(Bytes::from(frame)).with_trailers(async { Some(Ok(trailers)) }).boxed();
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}

#[tokio::test]
async fn the_predecessors_daemon_is_told_through_its_own_calls_and_offers_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (certificate, key) = made_with(&rcgen::PKCS_ECDSA_P521_SHA512);
    let pair = KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = tokio::spawn(predecessor(listener, pair, seen.clone()));
    let client = DaemonClient::new(ClientOptions::new(address, certificate).with_token(super::token())).unwrap();

    client.put_desired(&wanted(3, 2)).await.unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let paths: Vec<_> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, [SET_USERS, SET_USERS, SET_ADDED], "a busy daemon is asked again");
    let users = Users::decode(&seen[1].1[5..]).unwrap();
    let tickets = Tickets::decode(&seen[2].1[5..]).unwrap();
    assert_eq!((users.users.len(), tickets.tickets), (3, vec![ticket(0), ticket(1)]));

    assert!(matches!(client.status().await, Err(DaemonError::Unsupported { .. })));
    assert!(matches!(client.events(EventCursor::default()).await, Err(DaemonError::Unsupported { .. })));
    server.abort();
}
