//! The voting daemon's services through real TLS on loopback.

mod access;
mod fake;
mod faults;
mod floods;
mod older_webs;
mod peers;
mod round_trips;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient, DaemonClientLimits};
use stakepool_rpc::grpc::server::{Access, ServeError, bind, serve};
use stakepool_rpc::tls::KeyPair;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::tls::made_with;
use fake::Fake;

const TOKEN: &str = "a-token-for-these-tests";

/// A server that runs.
struct Daemon {
    backend: Arc<Fake>,
    address: SocketAddr,
    certificate: String,
    key: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Daemon {
    async fn start(access: Access) -> Self {
        let (certificate, key) = made_with(&rcgen::PKCS_ECDSA_P256_SHA256);
        Self::start_at("127.0.0.1:0".parse().unwrap(), certificate, key, access).await
    }

    async fn start_at(address: SocketAddr, certificate: String, key: String, access: Access) -> Self {
        let listeners = bind(&[address]).await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let pair = KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let backend = Arc::new(Fake::default());
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listeners, pair, access, backend.clone(), async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(serving);
        Self { backend, address, certificate, key, stop, task }
    }

    /// Stops it, which must not take longer than calls under way may take.
    async fn stop(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(3), self.task).await.expect("stops at once").unwrap().unwrap();
    }

    fn options(&self) -> ClientOptions {
        ClientOptions::new(self.address.to_string(), &*self.certificate)
            .with_token(token())
            .with_limits(DaemonClientLimits::default().with_event_wait(Duration::from_secs(1)))
    }

    fn client(&self) -> DaemonClient {
        DaemonClient::new(self.options()).unwrap()
    }
}

fn token() -> RpcToken {
    RpcToken::new(TOKEN).unwrap()
}

fn with_token() -> Access {
    Access::default().with_token(token())
}
