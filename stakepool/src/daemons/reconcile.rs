//! The reconciler: keeps every voting daemon at the desired state, and collects what the daemons report.
//!
//! The desired state has a digest. Each daemon reports the digest of what it has; where that differs, it is given the
//! whole state again. It is compared after every change, after every reconnect, and every so often. So a push that
//! failed, a daemon that was restored from a backup, and a web that was restarted all heal in the same way.
//!
//! What a daemon reported during an outage of the web or of the line is collected afterwards, from the cursor that the database
//! has: the daemon's journal keeps it, or sends a snapshot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonStatus, EventBatch, EventCursor, LedgerStore, StoreError, VotingDaemon};
use stakepool_core::reports::{DaemonEventKind, TicketReport};
use stakepool_core::ticket::Verdict;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::daemons::compare::Comparison;
use crate::daemons::differences::TicketDifference;
use crate::daemons::legacy_lists::{ListReader, has_no_reports};
use crate::daemons::round::{RoundError, within};
use crate::daemons::ticket_watch::TicketWatch;
use crate::daemons::view::{DaemonView, Expected};
use crate::desired_changed::DesiredChanged;
use crate::parts::Parts;
use crate::tickets::mails;
use crate::web_versions::WebVersions;

/// How often a daemon that is in sync is asked for its status, and every other time compared. What pages show of it is never
/// older than that and the answer's time.
const LOOK: Duration = Duration::from_secs(2);
/// The least time between two looks at a daemon, however often it says that its health changed, and between two calls for events
/// of which the first had none.
const LEAST: Duration = Duration::from_secs(1);
/// How often a daemon that cannot be compared (the predecessor's) is given everything anyhow.
const REPEAT: Duration = Duration::from_secs(180);
/// How often the lists of a daemon that reports nothing are read.
const LISTS: Duration = Duration::from_secs(15);
/// First and last pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(2));
/// How long it may keep a request for events open.
const EVENTS_LIMIT: Duration = Duration::from_secs(120);

/// Keeps the daemons at the desired state.
#[derive(Clone, Debug)]
pub struct Reconciler {
    parts: Parts,
    signal: DesiredChanged,
    comparison: Comparison,
    views: Arc<Mutex<BTreeMap<String, DaemonView>>>,
    tickets: TicketWatch,
}

impl Reconciler {
    /// Keeps the daemons of `parts`, as far as they are `expected`; hears of changes by `signal`.
    pub fn new(parts: Parts, signal: DesiredChanged, expected: Expected) -> Self {
        let comparison = Comparison::new(parts.clone(), signal.clone(), expected);
        let tickets = TicketWatch::new(parts.clone());
        Self { parts, signal, comparison, views: Arc::default(), tickets }
    }

    /// What wakes it.
    pub fn signal(&self) -> DesiredChanged {
        self.signal.clone()
    }

    /// Has every daemon compared at once, because users or added tickets changed.
    pub fn changed(&self) {
        self.signal.changed();
    }

    /// How each daemon was when it was last compared.
    pub fn views(&self) -> BTreeMap<String, DaemonView> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How each daemon is at this moment: asks all of them once, at the same time. For a program that does not
    /// [run](Reconciler::run) the reconciler: nothing changes, neither in a daemon nor in a store nor in the
    /// [views](Reconciler::views).
    pub async fn look(&self) -> BTreeMap<String, DaemonView> {
        self.each_once(|daemon| Box::pin(self.comparison.look(daemon))).await
    }

    /// How daemons differ from each other, or from the ledger, for longer than news takes: in the tickets that they know, in how
    /// they judge them, and in how these ended.
    pub fn differences(&self) -> Vec<TicketDifference> {
        self.tickets.told()
    }

    /// How they differ from each other, for a program that does not [run](Reconciler::run) the reconciler, after a
    /// [look](Reconciler::look): where two differed at it, looks once more a few seconds later.
    pub async fn differences_since(&self, before: &BTreeMap<String, DaemonView>) -> Vec<TicketDifference> {
        self.tickets.of_two_looks(before, self.look()).await
    }

    /// Compares the daemons with the number of tickets that are to be voted by keys of their own.
    #[cfg(feature = "vsp")]
    pub(crate) fn compare_key_tickets(&self, expected: u64) {
        self.tickets.compare_key_tickets(&self.views(), expected);
    }

    /// Compares the tickets of the ledger with the daemons' at once, and not only when that is due.
    pub async fn compare_with_ledger(&self) {
        self.tickets.compare_with_ledger(&self.views()).await;
    }

    /// Compares every daemon once, at the same time, and gives the desired state to those that lack it: how each is
    /// afterwards. For a program that changed something and ends; a daemon that was not reached gets it from the
    /// program that runs.
    pub async fn reconcile_once(&self) -> BTreeMap<String, DaemonView> {
        self.each_once(|daemon| Box::pin(self.comparison.reconcile(daemon))).await
    }

    async fn each_once<'a>(
        &'a self,
        round: impl Fn(&'a dyn VotingDaemon) -> BoxFuture<'a, Result<DaemonView, RoundError>>,
    ) -> BTreeMap<String, DaemonView> {
        let daemons = || self.parts.daemons.iter().map(|daemon| daemon.as_ref());
        let asked = Instant::now();
        let ended = join_all(daemons().map(round)).await.into_iter();
        let views = ended.map(|ended| ended.unwrap_or_else(|error| DaemonView::failed(&error)).asked_at(asked));
        daemons().map(|daemon| daemon.name().to_owned()).zip(views).collect()
    }

    /// The webs on the database.
    pub(crate) const fn web_versions(&self) -> &WebVersions {
        self.comparison.web_versions()
    }

    /// Works for ever.
    pub async fn run(&self) {
        let tasks = self.parts.daemons.iter().flat_map(|daemon| {
            let look = Arc::new(Notify::new());
            let keep: BoxFuture<'_, ()> = Box::pin(self.keep(daemon.as_ref(), Arc::clone(&look)));
            [keep, Box::pin(self.collect(daemon.as_ref(), look))]
        });
        tokio::join!(
            join_all(tasks),
            self.tickets.name_differences(),
            self.tickets.watch_ledger(|| self.views()),
            self.web_versions().run(),
        );
    }

    /// Compares one daemon for ever: when it is time, when something has changed, and at once where `look` asks for it.
    async fn keep(&self, daemon: &dyn VotingDaemon, look: Arc<Notify>) {
        let mut changes = self.signal.subscribe();
        let mut pause = BACK_OFF.0;
        // What it is compared with reads all users: every other time its status alone is asked for.
        let mut compared: Option<DaemonStatus> = None;
        loop {
            let began = Instant::now();
            changes.mark_unchanged();
            let before = compared.take();
            let next = match self.comparison.follow(daemon, before.as_ref()).await {
                Ok(view) => {
                    let comparable = view.status.is_some();
                    compared = view.status.clone().filter(|_| view.in_sync && !view.unjudged && before.is_none());
                    self.note(daemon, view.asked_at(began));
                    self.tickets.compare(&self.views());
                    pause = BACK_OFF.0;
                    if comparable { LOOK } else { REPEAT }
                }
                Err(error) => {
                    self.note_error(daemon, &error);
                    let next = pause;
                    pause = (pause * 2).min(BACK_OFF.1);
                    next
                }
            };
            // A change is passed on at once; a daemon that is unreachable is not asked more often for it.
            let wakened = tokio::select! {
                _ = changes.changed() => true,
                () = look.notified() => {
                    sleep_until(began + LEAST).await;
                    false
                }
                () = sleep(next) => false,
            };
            if wakened {
                compared = None;
                if pause > BACK_OFF.0 {
                    sleep(BACK_OFF.0).await;
                }
            }
        }
    }

    /// The users and added tickets as they are now: what every daemon should have.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub async fn desired(&self) -> Result<DesiredState, StoreError> {
        self.comparison.desired().await
    }

    /// Collects one daemon's events for ever, and asks for a look at it where it answers without any, or fails: its health may
    /// have changed.
    async fn collect(&self, daemon: &dyn VotingDaemon, look: Arc<Notify>) {
        let mut pause = BACK_OFF.0;
        let mut away = false;
        let mut lists = ListReader::default();
        loop {
            let collected = match self.collect_once(daemon, &look).await {
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
                    if !std::mem::replace(&mut away, true) {
                        look.notify_one();
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    /// Stores the next events, and then the place behind them: after a crash between the two they come again.
    async fn collect_once(&self, daemon: &dyn VotingDaemon, look: &Notify) -> Result<(), RoundError> {
        let ledger: &dyn LedgerStore = self.parts.ledger.as_ref();
        let began = Instant::now();
        let kept_as = EventCursor::kept_as(daemon.name());
        let cursor = ledger.cursor(&kept_as).await?.unwrap_or_default();
        let batch = within(EVENTS_LIMIT, daemon.events(cursor)).await?;
        let next = batch.next;
        self.store(daemon.name(), batch).await?;
        if next == cursor {
            look.notify_one();
            // Neither where the daemon has no patience, nor where one problem of its comes and goes all the time.
            sleep_until(began + LEAST).await;
        } else {
            ledger.set_cursor(&kept_as, next).await?;
        }
        Ok(())
    }

    /// Stores what can be learned about the tickets of a daemon that reports nothing, and waits for the next time.
    async fn collect_from_lists(&self, daemon: &dyn VotingDaemon, lists: &mut ListReader) -> Result<(), RoundError> {
        let Some(source) = &self.parts.tickets else {
            sleep(REPEAT).await;
            return Ok(());
        };
        let tickets = lists.round(&self.parts, source.as_ref(), daemon).await?;
        if !tickets.is_empty() {
            tracing::debug!(daemon = daemon.name(), tickets = tickets.len(), "learned from its lists and the wallets");
        }
        self.store_tickets(daemon.name(), &tickets).await?;
        // An added ticket counts for as long as the ledger says that it may vote, also where the time in its row is over.
        let may_count = |report: &TicketReport| report.facts.verdict != Verdict::Accepted && !report.state.is_over();
        if tickets.iter().any(may_count) {
            self.signal.changed();
        }
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
        self.tickets.note(daemon, &tickets, batch.snapshot);
        self.store_tickets(daemon, &tickets).await?;
        if is_news && !tickets.is_empty() {
            for observer in &self.parts.vote_observers {
                observer.tickets(&tickets);
            }
        }
        if !votes.is_empty() {
            self.parts.ledger.put_votes(daemon, &votes).await?;
            if is_news {
                for observer in &self.parts.vote_observers {
                    observer.votes(&votes);
                }
            }
        }
        Ok(())
    }

    async fn store_tickets(&self, daemon: &str, tickets: &[TicketReport]) -> Result<(), StoreError> {
        if tickets.is_empty() {
            return Ok(());
        }
        self.parts.ledger.put_tickets(daemon, tickets, self.parts.clock.now()).await?;
        mails::note(&self.parts, tickets).await
    }

    fn note(&self, daemon: &dyn VotingDaemon, view: DaemonView) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let before = views.remove(daemon.name()).unwrap_or_default();
        let mut view = view.after(&before);
        if let Some(error) = view.error.as_ref().filter(|error| before.error.as_ref() != Some(error)) {
            tracing::error!(daemon = daemon.name(), "{error}");
        }
        if view.in_sync && !before.in_sync {
            tracing::info!(daemon = daemon.name(), "in sync");
        }
        view.last_in_sync = view.last_in_sync.or(before.last_in_sync);
        views.insert(daemon.name().to_owned(), view);
    }

    fn note_error(&self, daemon: &dyn VotingDaemon, error: &RoundError) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let view = views.entry(daemon.name().to_owned()).or_default();
        let text = error.to_string();
        if view.error.as_ref() != Some(&text) {
            tracing::error!(daemon = daemon.name(), %error, "not in sync; tried again");
        }
        (view.reachable, view.in_sync, view.refused) = (error.is_answer(), false, false);
        view.error = Some(text);
    }
}
