//! A daemon at work: its engine and its services, from the start to the end of both.

use std::sync::Arc;

use stakepool_core::voting::{EngineError, LocalDaemon, TaggedEvent};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::error::RunError;
use crate::grpc::server::{self, Access, DaemonBackend, ServeError};
use crate::tls::KeyPair;

/// A daemon's gRPC services: where they are offered, with which certificate, and to whom.
#[derive(Debug)]
pub struct Service {
    listeners: Vec<TcpListener>,
    pairs: watch::Receiver<KeyPair>,
    access: Access,
}

impl Service {
    /// Services on listeners ([`bind`](server::bind)), which show a certificate
    /// ([`ensure_server_pair`](crate::tls::ensure_server_pair)) and demand of callers what `access` says.
    pub fn new(listeners: Vec<TcpListener>, pair: KeyPair, access: Access) -> Self {
        Self { listeners, pairs: watch::channel(pair).1, access }
    }

    /// The same with a certificate that may be renewed: connections show the latest one.
    #[must_use]
    pub fn renewed_by(mut self, pairs: watch::Receiver<KeyPair>) -> Self {
        self.pairs = pairs;
        self
    }
}

/// Votes on what the nodes report and serves the pool's web until `shutdown` is ready; then votes under way are
/// finished, calls under way are answered, and the state is saved.
///
/// Where the future is dropped, voting and serving stop in the same way, but in the background.
///
/// # Errors
/// [`RunError`] where the services cannot be offered, or where engine, services or the nodes' events ended by
/// themselves. Voting and serving have both stopped then.
pub async fn run(
    daemon: Arc<LocalDaemon>,
    events: mpsc::Receiver<TaggedEvent>,
    service: Service,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let stop = watch::Sender::new(false);
    let until_stop = || {
        let mut stopping = stop.subscribe();
        async move {
            // An error means that the sender was dropped, and so the future of `run`.
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    };
    let engine = Arc::clone(daemon.engine());
    let Service { listeners, pairs, access } = service;
    let backend: Arc<dyn DaemonBackend> = daemon;
    let mut voting = tokio::spawn(engine.run(events, until_stop()));
    let mut serving = tokio::spawn(server::serve_renewed(listeners, pairs, access, backend, until_stop()));
    tokio::select! {
        () = shutdown => {
            stop.send_replace(true);
            let (voted, served) = tokio::join!(voting, serving);
            voted.unwrap_or(Err(EngineError::BrokeDown))?;
            served.unwrap_or(Err(ServeError::BrokeDown))?;
            Ok(())
        }
        voted = &mut voting => {
            stop.send_replace(true);
            let _ = serving.await;
            // Without nodes' events there is nothing to vote on, either.
            let error = voted.unwrap_or(Err(EngineError::BrokeDown)).err().unwrap_or(EngineError::BrokeDown);
            Err(error.into())
        }
        served = &mut serving => {
            stop.send_replace(true);
            let _ = voting.await;
            Err(served.unwrap_or(Err(ServeError::BrokeDown)).err().unwrap_or(ServeError::BrokeDown).into())
        }
    }
}
