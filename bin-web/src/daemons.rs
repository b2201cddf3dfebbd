//! Keeps every voting daemon at what the web wants, and collects what the daemons report.
//!
//! The wanted state has a digest. Each daemon tells the digest of what it has; where that differs, it is given the
//! whole state again: after every change, after every reconnect, and when it is compared every so often. So a push that
//! failed, a daemon that was restored from a backup, and a web that was restarted all heal in the same way.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stakepool::daemons::desired_state;
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Generation, Network};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, DaemonStatus, EventBatch, LedgerStore, StoreError, VotingDaemon};
use stakepool_core::reports::{DaemonEventKind, TicketReport};
use stakepool_core::time::UnixTime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::services::Services;
use crate::ticket_lists::{ListError, ListReader, has_no_reports};
use crate::ticket_mails;

/// How often a daemon that is in order is compared.
pub(crate) const COMPARE: Duration = Duration::from_secs(15);
/// How often a daemon that cannot be compared (the predecessor's) is given everything anyhow.
const REPEAT: Duration = Duration::from_secs(180);
/// How often the lists of a daemon that reports nothing are read.
const LISTS: Duration = Duration::from_secs(15);
/// First and last pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long a daemon may take for one answer.
const LIMIT: Duration = Duration::from_secs(30);
/// How long it may keep a request for events open.
const EVENTS_LIMIT: Duration = Duration::from_secs(120);

/// Tells that users or added tickets changed.
#[derive(Clone, Debug)]
pub struct DesiredChanged(Arc<watch::Sender<u64>>);

impl Default for DesiredChanged {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl DesiredChanged {
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
    /// Whether it is none of this pool's, because it has another network or other keys.
    pub refused: bool,
    /// What is wrong with it, if anything.
    pub error: Option<String>,
    /// When it was last in order.
    pub last_in_order: Option<UnixTime>,
}

/// Keeps the daemons at what the web wants.
#[derive(Clone, Debug)]
pub struct Reconciler {
    services: Services,
    signal: DesiredChanged,
    expected: Expected,
    views: Arc<Mutex<BTreeMap<String, DaemonView>>>,
}

/// What a daemon must be configured with to be one of this pool's.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The network.
    pub network: Network,
    /// The cold wallet's key, where the web knows it.
    pub cold_wallet: Option<ExtendedPubKey>,
}

impl Expected {
    /// Why a daemon is none of this pool's, if it is none.
    fn refusal(&self, status: &DaemonStatus) -> Option<String> {
        let differs = |what: &str, theirs: &dyn Display, ours: &dyn Display| {
            let (theirs, ours) = (theirs.to_string(), ours.to_string());
            let text = format!(
                "it is not given the users, because its {what} is {theirs}, but the web's is {ours}: make them the same"
            );
            (theirs != ours).then_some(text)
        };
        let cold_wallet = self.cold_wallet.as_ref();
        differs("network", &status.network, &self.network)
            .or_else(|| cold_wallet.and_then(|key| differs("coldwalletextpub", &status.cold_wallet_xpub, key)))
    }
}

/// A database without users that may be an empty, restored or wrong one must not take the users from a daemon.
fn withheld(wanted: &DesiredState, status: &DaemonStatus) -> Option<String> {
    let text = format!(
        "it keeps its {} users, because the web's database has none with an address: check `database`, and whether the \
         file there is the pool's",
        status.users
    );
    (wanted.users().len() == 0 && status.users > 0).then_some(text)
}

/// What a daemon's view says where the daemon lets nobody compare.
const CLOSED: &str = "it has users and tickets by the predecessor's calls only, and tells nothing of itself, because it \
                      refuses our token or has none; set the same rpctoken for the web and the daemon";

/// Why one round with a daemon failed.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lists(#[from] ListError),
    #[error("it did not answer within {0:?}")]
    Silent(Duration),
}

impl Reconciler {
    /// Keeps the daemons of `services`, as far as they are `expected`; hears of changes by `signal`.
    pub fn new(services: Services, signal: DesiredChanged, expected: Expected) -> Self {
        Self { services, signal, expected, views: Arc::default() }
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
        let status = match within(LIMIT, daemon.status()).await {
            Err(RoundError::Daemon(DaemonError::Unsupported { .. })) => return self.repeat(daemon, None).await,
            // A token that is wrong for the predecessor's calls, too, shows there.
            Err(RoundError::Daemon(DaemonError::Unauthorized { .. })) => {
                return self.repeat(daemon, Some(CLOSED)).await;
            }
            other => other?,
        };
        if let Some(reason) = self.expected.refusal(&status) {
            let view = DaemonView { status: Some(status), refused: true, error: Some(reason), ..DaemonView::default() };
            return Ok(view);
        }
        self.settle(status.synced_height).await?;
        let wanted = self.wanted().await?;
        if let Some(reason) = withheld(&wanted, &status) {
            return Ok(DaemonView { status: Some(status), error: Some(reason), ..DaemonView::default() });
        }
        let digest = wanted.digest().to_string();
        if status.wanted_digest != digest {
            self.push(daemon, &wanted).await?;
        }
        let status = DaemonStatus { wanted_digest: digest, users: wanted.users().len() as u64, ..status };
        Ok(self.in_order(Some(status), None))
    }

    /// Gives everything to a daemon that cannot be compared. Without users there is nothing to give, and who knows what
    /// would be taken.
    async fn repeat(&self, daemon: &dyn VotingDaemon, remark: Option<&str>) -> Result<DaemonView, RoundError> {
        // Such a daemon tells no height either; the wallet that is furthest behind does.
        self.settle(self.services.stats.wallets().iter().filter_map(|wallet| wallet.height).min()).await?;
        let wanted = self.wanted().await?;
        if wanted.users().len() > 0 {
            self.push(daemon, &wanted).await?;
        }
        Ok(self.in_order(None, remark))
    }

    async fn push(&self, daemon: &dyn VotingDaemon, wanted: &DesiredState) -> Result<(), RoundError> {
        within(LIMIT, daemon.put_desired(wanted)).await?;
        let (users, added) = (wanted.users().len(), wanted.added().len());
        tracing::info!(daemon = daemon.name(), users, added, "given the wanted state");
        Ok(())
    }

    fn in_order(&self, status: Option<DaemonStatus>, remark: Option<&str>) -> DaemonView {
        let last_in_order = Some(self.services.clock.now());
        DaemonView { status, in_order: true, refused: false, error: remark.map(str::to_owned), last_in_order }
    }

    /// Notes what became of added tickets, once their end is so deep below the height that no reorganisation undoes it: as
    /// deep as a ticket takes to mature. Until then they stay wanted.
    async fn settle(&self, synced: Option<BlockHeight>) -> Result<(), StoreError> {
        let Some(synced) = synced else { return Ok(()) };
        // The same in both generations.
        let maturity = self.expected.network.params(Generation::Today).ticket_maturity;
        if let Some(deep) = synced.0.checked_sub(maturity)
            && self.services.low_fee.settle(BlockHeight(deep)).await?
        {
            self.signal.changed();
        }
        Ok(())
    }

    /// The users and added tickets as they are now: what every daemon should have.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub async fn wanted(&self) -> Result<DesiredState, StoreError> {
        let Services { users, low_fee, clock, .. } = &self.services;
        desired_state(users.as_ref(), low_fee.as_ref(), clock.now()).await
    }

    /// Collects one daemon's events for ever.
    async fn collect(&self, daemon: &dyn VotingDaemon) {
        let mut pause = BACK_OFF.0;
        let mut away = false;
        let mut lists = ListReader::default();
        loop {
            let collected = match self.collect_once(daemon).await {
                Err(RoundError::Daemon(error)) if has_no_reports(&error) => {
                    self.collect_from_lists(daemon, &mut lists).await
                }
                collected => collected,
            };
            match collected {
                Ok(()) => {
                    pause = BACK_OFF.0;
                    if std::mem::take(&mut away) {
                        // Back after a failure: it may have been restarted with an old state.
                        self.signal.changed();
                    }
                }
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

    /// Stores what can be learned about the tickets of a daemon that reports nothing, and waits for the next time.
    async fn collect_from_lists(&self, daemon: &dyn VotingDaemon, lists: &mut ListReader) -> Result<(), RoundError> {
        let Some(source) = &self.services.tickets else {
            sleep(REPEAT).await;
            return Ok(());
        };
        let tickets = lists.round(&self.services, source.as_ref(), daemon).await?;
        if !tickets.is_empty() {
            tracing::debug!(daemon = daemon.name(), tickets = tickets.len(), "learned from its lists and the wallets");
        }
        self.store_tickets(daemon.name(), &tickets).await?;
        sleep(LISTS).await;
        Ok(())
    }

    async fn store(&self, daemon: &str, batch: EventBatch) -> Result<(), StoreError> {
        let is_news = !batch.snapshot;
        let (mut tickets, mut votes) = (Vec::new(), Vec::new());
        for event in batch.events {
            match event.kind {
                DaemonEventKind::Ticket(report) => tickets.push(report),
                DaemonEventKind::Vote(record) => votes.push(record),
            }
        }
        self.store_tickets(daemon, &tickets).await?;
        if !votes.is_empty() {
            self.services.ledger.put_votes(daemon, &votes).await?;
            if is_news {
                self.services.metrics.votes(&votes);
            }
        }
        Ok(())
    }

    async fn store_tickets(&self, daemon: &str, tickets: &[TicketReport]) -> Result<(), StoreError> {
        if tickets.is_empty() {
            return Ok(());
        }
        self.services.ledger.put_tickets(daemon, tickets, self.services.clock.now()).await?;
        ticket_mails::note(&self.services, tickets).await
    }

    fn note(&self, daemon: &dyn VotingDaemon, mut view: DaemonView) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let before = views.remove(daemon.name()).unwrap_or_default();
        if let Some(error) = view.error.as_ref().filter(|error| before.error.as_ref() != Some(error)) {
            tracing::error!(daemon = daemon.name(), "{error}");
        }
        if view.in_order && !before.in_order {
            tracing::info!(daemon = daemon.name(), "in order");
        }
        view.last_in_order = view.last_in_order.or(before.last_in_order);
        views.insert(daemon.name().to_owned(), view);
    }

    fn note_error(&self, daemon: &dyn VotingDaemon, error: &RoundError) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let view = views.entry(daemon.name().to_owned()).or_default();
        let text = error.to_string();
        if view.error.as_ref() != Some(&text) {
            tracing::error!(daemon = daemon.name(), %error, "not in order; tried again");
        }
        (view.in_order, view.refused) = (false, false);
        view.error = Some(text);
    }
}

async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, DaemonError>>) -> Result<T, RoundError> {
    Ok(timeout(limit, call).await.map_err(|_| RoundError::Silent(limit))??)
}
