//! Daemons that go away and come back, and clients that hang.

use std::time::{Duration, Instant};

use stakepool_core::ports::{DaemonError, EventCursor, VotingDaemon};
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient, DaemonClientLimits};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::fake::{EPOCH, wanted};
use super::peers::{self, Piece};
use super::{Daemon, with_token};

#[tokio::test]
async fn a_daemon_that_restarts_is_found_again_by_the_next_call() {
    let daemon = Daemon::start(with_token()).await;
    let client = daemon.client();
    client.put_desired(&wanted(5, 0)).await.unwrap();
    let (address, certificate, key) = (daemon.address, daemon.certificate.clone(), daemon.key.clone());
    daemon.stop().await;

    let error = client.status().await.unwrap_err();
    assert!(matches!(error, DaemonError::Unreachable { .. }), "{error}");

    let daemon = Daemon::start_at(address, certificate.clone(), key.clone(), with_token()).await;
    assert_eq!(client.status().await.unwrap().wanted_digest, wanted(0, 0).digest().to_string());
    daemon.stop().await;

    // Without a call between stop and start the old connection is the one that the next call finds.
    let daemon = Daemon::start_at(address, certificate, key, with_token()).await;
    client.put_desired(&wanted(5, 0)).await.unwrap();
    daemon.stop().await;
}

#[tokio::test]
async fn a_client_that_waits_for_events_is_told_when_the_daemon_stops() {
    let daemon = Daemon::start(with_token()).await;
    let client = DaemonClient::new(daemon.options().with_limits(DaemonClientLimits::default())).unwrap();
    let waiting = tokio::spawn(async move { client.events(EventCursor { epoch: EPOCH, seq: 0 }).await });
    daemon.backend.waiting.notified().await;
    daemon.stop().await;
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("stopping"), "{error}");
}

#[tokio::test]
async fn clients_that_hang_stop_neither_others_nor_the_end() {
    let daemon = Daemon::start(with_token()).await;
    // One never begins TLS, two never end the pieces that they began to send.
    let mut silent = TcpStream::connect(daemon.address).await.unwrap();
    let hang = async || {
        let (sender, pieces) = tokio::sync::mpsc::channel(1);
        sender.send(Piece { digest: Vec::new() }).await.unwrap();
        let pieces = tokio_stream::wrappers::ReceiverStream::new(pieces);
        let hanging = tokio::spawn(peers::put_desired(peers::channel(&daemon), pieces));
        // Room for the next piece shows that the first one is on its way.
        sender.reserve().await.unwrap();
        (sender, hanging)
    };
    let (_first, hanging) = hang().await;
    daemon.client().status().await.unwrap();
    daemon.client().put_desired(&wanted(3, 3)).await.unwrap();
    assert_eq!(hanging.await.unwrap().unwrap_err().code(), tonic::Code::Aborted);
    let (_second, hanging) = hang().await;
    daemon.stop().await;
    assert!(hanging.await.unwrap().is_err());
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0, "the connection is closed");
}

#[tokio::test]
async fn a_connection_without_an_allowed_call_ends_and_one_with_a_call_stays() {
    let daemon = Daemon::start(with_token()).await;
    let mut idle = peers::connect(&daemon).await;
    let refused = DaemonClient::new(daemon.options().with_token(None)).unwrap();
    assert!(matches!(refused.status().await, Err(DaemonError::Unauthorized { .. })));
    let client = DaemonClient::new(daemon.options().with_limits(DaemonClientLimits::default())).unwrap();
    let waiting = tokio::spawn(async move { client.events(EventCursor { epoch: EPOCH, seq: 0 }).await });
    daemon.backend.waiting.notified().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(10)).await;
    tokio::time::resume();
    let end = async {
        let mut sent = Vec::new();
        let _ = idle.read_to_end(&mut sent).await;
    };
    tokio::time::timeout(Duration::from_secs(5), end).await.expect("the idle connection is closed");
    assert!(!waiting.is_finished(), "who may call may also wait");
    daemon.stop().await;
}

#[tokio::test]
async fn a_server_that_hangs_ends_every_call_within_its_limit() {
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let daemon = Daemon::start(with_token()).await;
    let short = Duration::from_millis(200);
    let limits = DaemonClientLimits::default()
        .with_connect(short)
        .with_call(short)
        .with_transfer(short)
        .with_event_wait(Duration::ZERO);
    let options = ClientOptions::new(deaf.local_addr().unwrap().to_string(), &*daemon.certificate).with_limits(limits);
    let client = DaemonClient::new(options.with_token(super::token())).unwrap();
    let started = Instant::now();
    let errors = [
        client.status().await.unwrap_err(),
        client.put_desired(&wanted(1, 1)).await.unwrap_err(),
        client.events(EventCursor::default()).await.unwrap_err(),
        client.live_tickets().await.unwrap_err(),
    ];
    assert!(started.elapsed() < Duration::from_secs(3));
    for error in errors {
        assert!(
            matches!(&error, DaemonError::Unreachable { reason, .. } if reason.contains("within 0.2 s")),
            "{error}"
        );
    }
    daemon.stop().await;
}
