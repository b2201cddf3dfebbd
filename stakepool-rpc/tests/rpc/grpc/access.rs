//! Who gets in.

use std::time::Duration;

use stakepool_core::ports::{DaemonError, EventCursor, VotingDaemon};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientError, ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::{Access, bind};
use stakepool_rpc::tls::{KeyPair, TlsError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use super::fake::wanted;
use super::{Daemon, token, with_token};
use crate::tls::made_with;

fn client(options: ClientOptions) -> DaemonClient {
    DaemonClient::new(options).unwrap()
}

fn unauthorized<T>(result: Result<T, DaemonError>) -> bool {
    matches!(result, Err(DaemonError::Unauthorized { .. }))
}

#[tokio::test]
async fn a_daemon_with_a_token_refuses_every_call_without_it_or_with_another() {
    let daemon = Daemon::start(with_token()).await;
    for token in [None, Some(RpcToken::new("another-token-altogether").unwrap())] {
        let client = client(daemon.options().with_token(token));
        assert!(unauthorized(client.status().await));
        assert!(unauthorized(client.put_desired(&wanted(3, 3)).await));
        assert!(unauthorized(client.events(EventCursor::default()).await));
        assert!(unauthorized(client.live_tickets().await));
        assert!(unauthorized(client.ignored_tickets().await));
        assert!(unauthorized(client.added_tickets().await));
        assert!(unauthorized(client.ping().await));
        assert!(unauthorized(client.service_version().await));
    }
    assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(0, 0));
    daemon.stop().await;
}

#[tokio::test]
async fn a_token_is_changed_without_a_moment_in_which_the_web_is_refused() {
    let next = || RpcToken::new("the-token-of-tomorrow").unwrap();
    let takes = async |access: Access, shown: RpcToken| {
        let daemon = Daemon::start(access).await;
        let taken = client(daemon.options().with_token(shown)).status().await.is_ok();
        daemon.stop().await;
        taken
    };
    let both = || with_token().with_next_token(next());
    assert!(takes(both(), token()).await && takes(both(), next()).await);
    let changed = || Access::default().with_token(next());
    assert!(takes(changed(), next()).await && !takes(changed(), token()).await);
    // Nor does the token of one daemon open another that has its own.
    assert!(!takes(both(), RpcToken::new("the-token-of-another-daemon").unwrap()).await);
}

#[tokio::test]
async fn a_client_shows_another_token_with_its_next_call() {
    let next = || RpcToken::new("the-token-of-tomorrow").unwrap();
    let daemon = Daemon::start(with_token().with_next_token(next())).await;
    let client = client(daemon.options().with_token(token()));
    client.status().await.unwrap();
    client.show_token(Some(&RpcToken::new("the-token-of-another-daemon").unwrap()));
    assert!(unauthorized(client.status().await));
    client.show_token(Some(&next()));
    client.status().await.unwrap();
    client.show_token(None);
    assert!(unauthorized(client.status().await));
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_for_which_nothing_is_configured_is_closed_to_everybody() {
    let daemon = Daemon::start(Access::default()).await;
    for token in [None, Some(token())] {
        let client = client(daemon.options().with_token(token));
        assert!(unauthorized(client.status().await));
        assert!(unauthorized(client.ping().await));
        assert!(unauthorized(client.put_desired(&wanted(2, 0)).await));
    }
    assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(0, 0));
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_without_a_token_offers_the_predecessors_service_alone() {
    let daemon = Daemon::start(Access::default().with_old_clients(true)).await;
    for token in [None, Some(token())] {
        let client = client(daemon.options().with_token(token));
        assert!(unauthorized(client.status().await));
        assert!(unauthorized(client.events(EventCursor::default()).await));
        client.ping().await.unwrap();
        // The users get there all the same, through the predecessor's calls.
        client.put_desired(&wanted(40, 3)).await.unwrap();
        assert_eq!(daemon.backend.received.lock().unwrap().wanted.digest(), wanted(40, 3).digest());
        client.put_desired(&wanted(2, 0)).await.unwrap();
        assert_eq!(daemon.backend.received.lock().unwrap().wanted, wanted(2, 0));
    }
    daemon.stop().await;
}

#[tokio::test]
async fn old_clients_get_in_without_a_token_where_that_is_allowed_and_only_to_the_old_service() {
    let daemon = Daemon::start(with_token().with_old_clients(true)).await;
    let old = client(daemon.options().with_token(None));
    assert_eq!(old.service_version().await.as_deref(), Ok("4.0.0"));
    old.put_desired(&wanted(5, 5)).await.unwrap();
    assert!(unauthorized(old.status().await));
    daemon.client().status().await.unwrap();
    daemon.stop().await;
}

#[tokio::test]
async fn a_server_with_another_certificate_is_not_talked_to() {
    let daemon = Daemon::start(with_token()).await;
    let (another, _) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
    let client = client(ClientOptions::new(daemon.address.to_string(), another).with_token(token()));
    let error = client.status().await.unwrap_err();
    assert!(
        matches!(&error, DaemonError::Unreachable { reason, .. } if reason.contains("another certificate") && reason.contains("copy its rpc.cert")),
        "{error}"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn client_certificates_open_a_daemon_that_knows_them() {
    let (known, known_key) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (stranger, stranger_key) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
    let identity = |certificate: &str, key: &str| KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).ok();
    let certificates = Access::default().with_client_certificates(known.clone().into_bytes());
    let daemon = Daemon::start(certificates.clone()).await;
    let options = |identity: Option<KeyPair>| daemon.options().with_token(None).with_identity(identity);

    client(options(identity(&known, &known_key))).status().await.unwrap();
    assert!(unauthorized(client(options(None)).status().await));
    let refused = client(options(identity(&stranger, &stranger_key))).status().await;
    assert!(matches!(refused, Err(DaemonError::UnknownCertificate { .. })), "{refused:?}");
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("rpcclientcerts") && !said.contains("cannot be reached"), "{said}");

    let both = Daemon::start(certificates.with_token(token())).await;
    let options =
        |token: Option<RpcToken>, identity: Option<KeyPair>| both.options().with_token(token).with_identity(identity);
    client(options(Some(token()), identity(&known, &known_key))).status().await.unwrap();
    assert!(unauthorized(client(options(Some(token()), None)).status().await));
    assert!(unauthorized(client(options(None, identity(&known, &known_key))).status().await));
    daemon.stop().await;
    both.stop().await;
}

#[tokio::test]
async fn options_that_can_never_work_are_refused_at_once() {
    let daemon = Daemon::start(with_token()).await;
    let error = DaemonClient::new(ClientOptions::new("localhost", &*daemon.certificate)).unwrap_err();
    assert_eq!(error, ClientError::Address("localhost".to_owned()));
    let error = DaemonClient::new(ClientOptions::new("localhost:1", "")).unwrap_err();
    assert!(matches!(error, ClientError::Tls { source: TlsError::NoCertificate, .. }), "{error}");
    let error = bind(&["127.0.0.1:0".parse().unwrap(), daemon.address]).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {}", daemon.address)), "{error}");
    daemon.stop().await;
}

#[test]
fn options_never_print_the_token() {
    let options = ClientOptions::new("localhost:1", "").with_token(token());
    assert!(!format!("{options:?} {:?}", with_token()).contains(super::TOKEN));
}

#[tokio::test]
async fn silent_connections_of_one_address_do_not_keep_another_out() {
    let daemon = Daemon::start(with_token()).await;
    let from = |last: u8| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        socket.connect(daemon.address)
    };
    let mut silent = Vec::new();
    for _ in 0..600 {
        silent.push(from(2).await.unwrap());
    }
    // The first of them hold their places; the others were closed at once.
    let closed = timeout(Duration::from_secs(5), silent[599].read_u8()).await.unwrap();
    assert!(closed.is_err());
    assert!(client(daemon.options()).status().await.is_ok());
    daemon.stop().await;
}
