//! The watch over a pool, from a daemon that goes away to what the operator is told, in paused time.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::chain::Network;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{
    AlertError, AlertSink, Clock, DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon,
};
use stakepool_core::testkit::MemoryStore;
use stakepool_core::time::UnixMillis;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::alerts::{scene, watch};

/// How a daemon is.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    Away,
    OfAnotherNetwork,
}

struct Daemon(Mutex<Mood>);

impl Daemon {
    fn set(&self, mood: Mood) {
        *self.0.lock().unwrap() = mood;
    }

    fn refused() -> DaemonError {
        DaemonError::Unreachable { daemon: "d:1".into(), reason: "refused".into() }
    }
}

#[async_trait]
impl VotingDaemon for Daemon {
    fn name(&self) -> &str {
        "d:1"
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        match *self.0.lock().unwrap() {
            Mood::Fine => Ok(scene::daemon_status()),
            Mood::Away => Err(Self::refused()),
            Mood::OfAnotherNetwork => Ok(DaemonStatus { network: Network::Mainnet, ..scene::daemon_status() }),
        }
    }

    async fn put_desired(&self, _: &DesiredState) -> Result<(), DaemonError> {
        if *self.0.lock().unwrap() == Mood::Away { Err(Self::refused()) } else { Ok(()) }
    }

    async fn events(&self, _: EventCursor) -> Result<EventBatch, DaemonError> {
        std::future::pending().await
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(Vec::new())
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(Vec::new())
    }
}

/// Passes on what it is told.
struct Sink(mpsc::UnboundedSender<Alert>);

#[async_trait]
impl AlertSink for Sink {
    fn way(&self) -> &'static str {
        "test"
    }

    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        for alert in alerts {
            self.0.send(alert.clone()).unwrap();
        }
        Ok(())
    }
}

/// The time of day by tokio's clock.
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now_millis(&self) -> UnixMillis {
        UnixMillis(1_700_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// The next alert about the daemon; that the pool cannot vote without it is told, too.
async fn next(told: &mut mpsc::UnboundedReceiver<Alert>) -> (AlertKind, AlertPhase, String) {
    loop {
        let Alert { kind, phase, about, text, .. } = told.recv().await.unwrap();
        if about == "daemon d:1" {
            return (kind, phase, text);
        }
        assert_eq!((kind, about.as_str()), (AlertKind::Down, "the pool"), "{text}");
    }
}

#[tokio::test]
async fn a_daemon_that_goes_away_is_told_and_told_as_over_when_it_is_back() {
    let (database, _folder) = scene::database().await;
    tokio::time::pause();
    let daemon = Arc::new(Daemon(Mutex::new(Mood::Fine)));
    let (sink, mut told) = mpsc::unbounded_channel();
    let mut parts = scene::parts(database);
    // A database's thread would not keep up with paused time.
    let stores = Arc::new(MemoryStore::default());
    (parts.users, parts.low_fee, parts.ledger) = (stores.clone(), stores.clone(), stores.clone());
    (parts.leases, parts.upkeep) = (stores.clone(), stores);
    parts.clock = Arc::new(PausedClock(Instant::now()));
    parts.daemons = vec![daemon.clone()];
    parts.alerts = vec![Arc::new(Sink(sink))];
    let pool = scene::pool(parts);
    let running = tokio::spawn(async move { tokio::join!(pool.daemons().run(), watch::run(&pool)) });

    sleep(Duration::from_secs(600)).await;
    assert!(told.try_recv().is_err(), "all is well");
    daemon.set(Mood::Away);
    let (kind, phase, text) = next(&mut told).await;
    assert_eq!((kind, phase), (AlertKind::DaemonAway, AlertPhase::Begins));
    assert!(text.contains("d:1 cannot be reached: refused"), "{text}");
    daemon.set(Mood::Fine);
    let (kind, phase, _) = next(&mut told).await;
    assert_eq!((kind, phase), (AlertKind::DaemonAway, AlertPhase::Ends));

    daemon.set(Mood::OfAnotherNetwork);
    let (kind, phase, text) = next(&mut told).await;
    assert_eq!((kind, phase), (AlertKind::Disagreement, AlertPhase::Begins));
    assert!(text.contains("its network is mainnet, but the web's is simnet"), "{text}");
    daemon.set(Mood::Away);
    let mut changes = [next(&mut told).await, next(&mut told).await].map(|(kind, phase, _)| (kind, phase));
    changes.sort_by_key(|(kind, _)| *kind);
    assert_eq!(
        changes,
        [(AlertKind::DaemonAway, AlertPhase::Begins), (AlertKind::Disagreement, AlertPhase::Ends)],
        "what it was while it answered is over"
    );
    running.abort();
}
