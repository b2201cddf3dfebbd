//! A daemon's gRPC services.

use std::sync::Arc;

use stakepool_core::reloadable::Reloadable;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::starting::Starting;
use crate::grpc::server::{self, Access, DaemonBackend, ServeError};
use crate::tls::KeyPair;

/// A daemon's gRPC services: where they are offered, with which certificate, and to whom.
#[derive(Debug)]
pub struct Service {
    listeners: Vec<TcpListener>,
    pairs: watch::Receiver<KeyPair>,
    access: Reloadable<Access>,
}

impl Service {
    /// Services on listeners ([`bind`](server::bind)), which show a certificate
    /// ([`ensure_server_pair`](crate::tls::ensure_server_pair)) and demand of callers what `access` says.
    pub fn new(listeners: Vec<TcpListener>, pair: KeyPair, access: Access) -> Self {
        Self { listeners, pairs: watch::channel(pair).1, access: access.into() }
    }

    /// What callers must show. A change of its tokens counts for the next call; of nothing else.
    pub fn access(&self) -> Reloadable<Access> {
        self.access.clone()
    }

    /// The same with a certificate that may be renewed: connections show the latest one.
    #[must_use]
    pub fn renewed_by(mut self, pairs: watch::Receiver<KeyPair>) -> Self {
        self.pairs = pairs;
        self
    }

    /// Offers the services of a daemon that has not started yet, in the background. Must be called within a tokio runtime.
    pub fn offer(self, daemon: Arc<Starting>) -> Serving {
        self.serve(daemon)
    }

    pub(super) fn serve(self, backend: Arc<dyn DaemonBackend>) -> Serving {
        let Self { listeners, pairs, access } = self;
        let stop = watch::Sender::new(false);
        let stopping = until_stopped(&stop);
        let task = tokio::spawn(server::serve_renewed(listeners, pairs, access, backend, stopping));
        Serving { stop, task }
    }
}

/// Services that are offered. Where this is dropped, they end in the background.
#[derive(Debug)]
pub struct Serving {
    pub(super) stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Serving {
    /// Serves nobody: for a daemon that no web reaches. Must be called within a tokio runtime.
    pub fn nobody() -> Self {
        let stop = watch::Sender::new(false);
        let stopping = until_stopped(&stop);
        let task = tokio::spawn(async {
            stopping.await;
            Ok(())
        });
        Self { stop, task }
    }

    /// Waits until they ended by themselves, and says why. Not to be called again then.
    pub async fn ended(&mut self) -> ServeError {
        let served = (&mut self.task).await;
        served.unwrap_or(Err(ServeError::BrokeDown)).err().unwrap_or(ServeError::BrokeDown)
    }

    /// Ends them: calls under way are answered first.
    ///
    /// # Errors
    /// Why they had ended before.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.stop.send_replace(true);
        self.task.await.unwrap_or(Err(ServeError::BrokeDown))
    }
}

/// Ready once `stop` says so, or is dropped.
pub(super) fn until_stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stopping = stop.subscribe();
    async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    }
}
