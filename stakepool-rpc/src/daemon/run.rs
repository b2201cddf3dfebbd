//! A daemon at work: its engine and its services, from the start to the end of both.

use std::sync::Arc;

use stakepool_core::voting::{EngineError, LocalDaemon, TaggedEvent};
use tokio::sync::mpsc;

use super::error::RunError;
use super::service::{Service, Serving, until_stopped};

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
    let serving = service.serve(Arc::clone(&daemon) as _);
    run_offered(daemon, events, serving, shutdown).await
}

/// As [`run`], with services that are offered already.
///
/// # Errors
/// As there.
pub async fn run_offered(
    daemon: Arc<LocalDaemon>,
    events: mpsc::Receiver<TaggedEvent>,
    mut serving: Serving,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let engine = Arc::clone(daemon.engine());
    let mut voting = tokio::spawn(engine.run(events, until_stopped(&serving.stop)));
    tokio::select! {
        () = shutdown => {
            serving.stop.send_replace(true);
            let (voted, served) = tokio::join!(voting, serving.stop());
            voted.unwrap_or(Err(EngineError::BrokeDown))?;
            served?;
            Ok(())
        }
        voted = &mut voting => {
            let _ = serving.stop().await;
            // Without nodes' events there is nothing to vote on, either.
            let error = voted.unwrap_or(Err(EngineError::BrokeDown)).err().unwrap_or(EngineError::BrokeDown);
            Err(error.into())
        }
        error = serving.ended() => {
            serving.stop.send_replace(true);
            let _ = voting.await;
            Err(error.into())
        }
    }
}
