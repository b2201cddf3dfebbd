//! The watch over a pool, from a daemon that goes away to what the operator is told, in paused time.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, Registration, User, UserId};
use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::chain::{BlockHeight, KeyIndex, Network, TicketHash};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{
    AlertError, AlertSink, Clock, DaemonError, DaemonStatus, EventBatch, EventCursor, LeaseStore, LedgerStore,
    LowFeeEntry, LowFeeStore, LowFeeTicket, NewUser, StoreError, StoredVote, TicketPage, TicketQuery, UserStore,
    VotingDaemon,
};
use stakepool_core::reports::{TicketReport, TicketState, VoteRecord};
use stakepool_core::time::UnixMillis;
use stakepool_core::time::UnixTime;
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

/// Stores with nothing in them, and of no thread: a database's would not keep up with paused time.
struct Empty;

fn not_here<T>() -> Result<T, StoreError> {
    Err(StoreError::Backend("not needed here".into()))
}

#[async_trait]
impl LeaseStore for Empty {
    async fn lease(&self, _: &str, _: &str, _: UnixTime, _: UnixTime) -> Result<bool, StoreError> {
        Ok(true)
    }
}

#[async_trait]
impl UserStore for Empty {
    async fn create(&self, _: NewUser) -> Result<UserId, StoreError> {
        not_here()
    }

    async fn by_id(&self, _: UserId) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn by_email(&self, _: &Email) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        Ok(Vec::new())
    }

    async fn list(&self, _: UserId, _: u64) -> Result<Vec<User>, StoreError> {
        Ok(Vec::new())
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        Ok((0, 0))
    }

    async fn reserve_index(&self, _: UserId, _: u32) -> Result<KeyIndex, StoreError> {
        not_here()
    }

    async fn register(&self, _: UserId, _: &Registration) -> Result<(), StoreError> {
        not_here()
    }

    async fn update(&self, _: &User, _: &User) -> Result<(), StoreError> {
        not_here()
    }
}

#[async_trait]
impl LowFeeStore for Empty {
    async fn add(&self, _: &LowFeeTicket) -> Result<bool, StoreError> {
        not_here()
    }

    async fn remove(&self, _: &TicketHash) -> Result<bool, StoreError> {
        not_here()
    }

    async fn active(&self, _: UnixTime) -> Result<Vec<LowFeeTicket>, StoreError> {
        Ok(Vec::new())
    }

    async fn settle(&self, _: BlockHeight) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl LedgerStore for Empty {
    async fn put_tickets(&self, _: &str, _: &[TicketReport], _: UnixTime) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_votes(&self, _: &str, _: &[VoteRecord]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn tickets(&self, _: &TicketQuery) -> Result<TicketPage, StoreError> {
        Ok(TicketPage::default())
    }

    async fn ticket(&self, _: &TicketHash) -> Result<Option<TicketReport>, StoreError> {
        Ok(None)
    }

    async fn votes(&self, _: Option<&TicketHash>, _: u64) -> Result<Vec<StoredVote>, StoreError> {
        Ok(Vec::new())
    }

    async fn ticket_counts(&self, _: Option<UserId>) -> Result<Vec<(TicketState, bool, u64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn cursor(&self, _: &str) -> Result<Option<EventCursor>, StoreError> {
        Ok(None)
    }

    async fn set_cursor(&self, _: &str, _: EventCursor) -> Result<(), StoreError> {
        Ok(())
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
    (parts.users, parts.low_fee) = (Arc::new(Empty), Arc::new(Empty));
    (parts.ledger, parts.leases) = (Arc::new(Empty), Arc::new(Empty));
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
