//! Keeps every voting daemon at what the web wants, and collects what the daemons report.
//!
//! The wanted state has a digest. Each daemon tells the digest of what it has; where that differs, it is given the
//! whole state again: after every change, after every reconnect, and when it is compared every so often. So a push that
//! failed, a daemon that was restored from a backup, and a web that was restarted all heal in the same way.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::ports::{
    DaemonError, DaemonStatus, EventBatch, LedgerStore, LowFeeStore, StoreError, VotingDaemon,
};
use stakepool_core::time::UnixTime;
use stakepool_core::voting::{DaemonEventKind, TicketState, WantedState};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::services::Services;

/// How often a daemon that is in order is compared.
const COMPARE: Duration = Duration::from_secs(15);
/// How often a daemon that cannot be compared (the predecessor's) is given everything anyhow.
const REPEAT: Duration = Duration::from_secs(180);
/// First and last pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long a daemon may take for one answer.
const LIMIT: Duration = Duration::from_secs(30);
/// How long it may keep a request for events open.
const EVENTS_LIMIT: Duration = Duration::from_secs(120);

/// Tells that users or added tickets changed.
#[derive(Clone, Debug)]
pub struct WantedSignal(Arc<watch::Sender<u64>>);

impl Default for WantedSignal {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl WantedSignal {
    /// Has every daemon compared at once.
    pub fn changed(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// How a daemon is, as the web last saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonView {
    /// What it said of itself, where it can say so and did.
    pub status: Option<DaemonStatus>,
    /// Whether it has the wanted state, as far as can be known.
    pub in_order: bool,
    /// What is wrong with it, if anything.
    pub error: Option<String>,
    /// When it was last in order.
    pub last_in_order: Option<UnixTime>,
}

/// Keeps the daemons at what the web wants.
#[derive(Clone, Debug)]
pub struct Convergence {
    services: Services,
    signal: WantedSignal,
    views: Arc<Mutex<BTreeMap<String, DaemonView>>>,
}

/// Why one round with a daemon failed.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it did not answer within {0:?}")]
    Silent(Duration),
}

impl Convergence {
    /// Keeps the daemons of `services`; hears of changes by `signal`.
    pub fn new(services: Services, signal: WantedSignal) -> Self {
        Self { services, signal, views: Arc::default() }
    }

    /// Has every daemon compared at once, because users or added tickets changed.
    pub fn changed(&self) {
        self.signal.changed();
    }

    /// How each daemon is.
    pub fn views(&self) -> BTreeMap<String, DaemonView> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Works for ever.
    pub async fn run(&self) {
        let tasks = self.services.daemons.iter().flat_map(|daemon| {
            let keep: futures_util::future::BoxFuture<'_, ()> = Box::pin(self.keep(daemon.as_ref()));
            [keep, Box::pin(self.collect(daemon.as_ref()))]
        });
        futures_util::future::join_all(tasks).await;
        // Reached where there is no daemon at all.
        std::future::pending::<()>().await;
    }

    /// Compares one daemon for ever.
    async fn keep(&self, daemon: &dyn VotingDaemon) {
        let mut changes = self.signal.subscribe();
        let mut pause = BACK_OFF.0;
        loop {
            changes.mark_unchanged();
            let next = match self.compare(daemon).await {
                Ok(view) => {
                    let comparable = view.status.is_some();
                    self.note(daemon, view);
                    pause = BACK_OFF.0;
                    if comparable { COMPARE } else { REPEAT }
                }
                Err(error) => {
                    self.note_error(daemon, &error);
                    let next = pause;
                    pause = (pause * 2).min(BACK_OFF.1);
                    next
                }
            };
            // A change is told at once; a daemon that is away is not asked more often for it.
            let wakened = timeout(next, changes.changed()).await.is_ok();
            if wakened && pause > BACK_OFF.0 {
                sleep(BACK_OFF.0).await;
            }
        }
    }

    /// Gives a daemon the wanted state where it lacks it.
    async fn compare(&self, daemon: &dyn VotingDaemon) -> Result<DaemonView, RoundError> {
        let wanted = self.wanted().await?;
        let digest = wanted.digest().to_string();
        let status = match within(LIMIT, daemon.status()).await {
            Err(RoundError::Daemon(DaemonError::Unsupported { .. })) => None,
            other => Some(other?),
        };
        let has_it = status.as_ref().is_some_and(|status| status.wanted_digest == digest);
        if !has_it {
            within(LIMIT, daemon.put_wanted(&wanted)).await?;
            let (users, added) = (wanted.users().len(), wanted.added().len());
            tracing::info!(daemon = daemon.name(), users, added, "given the wanted state");
        }
        let status = status.map(|status| DaemonStatus { wanted_digest: digest, ..status });
        Ok(DaemonView { status, in_order: true, error: None, last_in_order: Some(self.services.clock.now()) })
    }

    /// The users and added tickets as they are now: what every daemon should have.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub async fn wanted(&self) -> Result<WantedState, StoreError> {
        let Services { users, low_fee, clock, .. } = &self.services;
        WantedState::from_stores(users.as_ref(), low_fee.as_ref(), clock.now()).await
    }

    /// Collects one daemon's events for ever.
    async fn collect(&self, daemon: &dyn VotingDaemon) {
        let mut pause = BACK_OFF.0;
        let mut away = false;
        loop {
            match self.collect_once(daemon).await {
                Ok(()) => {
                    pause = BACK_OFF.0;
                    if std::mem::take(&mut away) {
                        // Back after a failure: it may have been restarted with an old state.
                        self.signal.changed();
                    }
                }
                Err(RoundError::Daemon(DaemonError::Unsupported { .. })) => sleep(REPEAT).await,
                Err(error) => {
                    tracing::debug!(daemon = daemon.name(), %error, "no events");
                    away = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    /// Stores the next events, and then the place behind them: after a crash between the two they come again.
    async fn collect_once(&self, daemon: &dyn VotingDaemon) -> Result<(), RoundError> {
        let ledger: &dyn LedgerStore = self.services.ledger.as_ref();
        let cursor = ledger.cursor(daemon.name()).await?.unwrap_or_default();
        let batch = within(EVENTS_LIMIT, daemon.events(cursor)).await?;
        let next = batch.next;
        self.store(daemon.name(), batch).await?;
        if next == cursor {
            // Nothing new within the daemon's patience; do not spin where it has none.
            sleep(Duration::from_millis(100)).await;
        } else {
            ledger.set_cursor(daemon.name(), next).await?;
        }
        Ok(())
    }

    async fn store(&self, daemon: &str, batch: EventBatch) -> Result<(), StoreError> {
        let (mut tickets, mut votes) = (Vec::new(), Vec::new());
        for event in batch.events {
            match event.kind {
                DaemonEventKind::Ticket(report) => tickets.push(report),
                DaemonEventKind::Vote(record) => votes.push(record),
            }
        }
        let ledger = &self.services.ledger;
        if !tickets.is_empty() {
            ledger.put_tickets(daemon, &tickets, self.services.clock.now()).await?;
        }
        if !votes.is_empty() {
            ledger.put_votes(daemon, &votes).await?;
        }
        let low_fee: &dyn LowFeeStore = self.services.low_fee.as_ref();
        let mut ended = false;
        for report in tickets.iter().filter(|report| report.added) {
            if matches!(report.state, TicketState::Voted | TicketState::Missed | TicketState::Expired) {
                low_fee.set_outcome(&report.ticket, report.state).await?;
                ended = true;
            }
        }
        if ended {
            self.signal.changed();
        }
        Ok(())
    }

    fn note(&self, daemon: &dyn VotingDaemon, view: DaemonView) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let before = views.insert(daemon.name().to_owned(), view);
        if before.is_none_or(|before| !before.in_order) {
            tracing::info!(daemon = daemon.name(), "in order");
        }
    }

    fn note_error(&self, daemon: &dyn VotingDaemon, error: &RoundError) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let view = views.entry(daemon.name().to_owned()).or_default();
        let text = error.to_string();
        if view.error.as_ref() != Some(&text) {
            tracing::error!(daemon = daemon.name(), %error, "not in order; tried again");
        }
        view.in_order = false;
        view.error = Some(text);
    }
}

async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, DaemonError>>) -> Result<T, RoundError> {
    Ok(timeout(limit, call).await.map_err(|_| RoundError::Silent(limit))??)
}
