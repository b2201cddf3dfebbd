//! Comparing the daemons' tickets with each other and with the ledger, all the time.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::try_join;
use stakepool_core::chain::ScriptAddress;
use stakepool_core::ports::VotingDaemon;
use stakepool_core::reports::TicketReport;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::daemons::desired::desired_state;
use crate::daemons::differences::{Differences, Pair, TicketDifference, comparable};
use crate::daemons::ends::Ends;
#[cfg(feature = "vsp")]
use crate::daemons::key_voters::KeyCounts;
use crate::daemons::ledger_check::{Lacking, LedgerLook, Open};
use crate::daemons::round::within;
use crate::daemons::standing::{Differing, Lists};
use crate::daemons::view::DaemonView;
use crate::parts::Parts;

/// How long two daemons may take to list their tickets.
const LISTS_LIMIT: Duration = Duration::from_secs(30);
/// When daemons that differ are looked at once more, by a program that looks but twice.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often the ledger's tickets are compared, and how soon again where some were lacking.
const LEDGER: Duration = Duration::from_secs(600);
const LEDGER_AGAIN: Duration = Duration::from_secs(60);
/// Tickets that the ledger lacks and that are looked up in it.
const LOOKED_UP: usize = 100;

type Views = BTreeMap<String, DaemonView>;

/// Compares tickets.
#[derive(Clone, Debug)]
pub(super) struct TicketWatch {
    parts: Parts,
    differences: Arc<Mutex<Differences>>,
    lacking: Arc<Mutex<Lacking>>,
    ends: Arc<Mutex<Ends>>,
    #[cfg(feature = "vsp")]
    key_counts: Arc<Mutex<KeyCounts>>,
    /// Daemons differ, and which tickets those are is to be found out.
    to_name: Arc<Notify>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TicketWatch {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            differences: Arc::default(),
            lacking: Arc::default(),
            ends: Arc::default(),
            #[cfg(feature = "vsp")]
            key_counts: Arc::default(),
            to_name: Arc::default(),
        }
    }

    /// What is to be said of daemons that differ from each other or from the ledger.
    pub(super) fn told(&self) -> Vec<TicketDifference> {
        let mut told = lock(&self.differences).told();
        told.extend(of_ledger(&lock(&self.lacking)));
        #[cfg(feature = "vsp")]
        told.extend(lock(&self.key_counts).findings());
        let ends = lock(&self.ends).told(self.parts.clock.now());
        told.extend(
            ends.into_iter().map(|(ticket, text)| TicketDifference { about: format!("ticket {ticket}"), text }),
        );
        told
    }

    /// Compares the daemons with the number of tickets that are to be voted by keys of their own.
    #[cfg(feature = "vsp")]
    pub(super) fn compare_key_tickets(&self, views: &Views, expected: u64) {
        lock(&self.key_counts).look(self.parts.clock.now(), views, expected);
    }

    /// Takes what a daemon reports of tickets; a snapshot is all that it knows.
    pub(super) fn note(&self, daemon: &str, reports: &[TicketReport], is_snapshot: bool) {
        lock(&self.ends).note(self.parts.clock.now(), daemon, reports, is_snapshot);
    }

    /// Compares the daemons' tickets with each other, as these are known.
    pub(super) fn compare(&self, views: &Views) {
        let now = self.parts.clock.now();
        let mut differences = lock(&self.differences);
        differences.look(now, views);
        if differences.is_any_to_name(now) {
            self.to_name.notify_one();
        }
    }

    /// Finds out for ever which tickets differ, where daemons do for a while. Two daemons may take long to list their tickets: nothing
    /// else waits for that.
    pub(super) async fn name_differences(&self) {
        loop {
            self.to_name.notified().await;
            while let Some(pair) = self.next_to_name() {
                if let Some(tickets) = self.differing(&pair).await {
                    lock(&self.differences).name(&pair, tickets);
                }
            }
        }
    }

    fn next_to_name(&self) -> Option<Pair> {
        lock(&self.differences).next_to_name(self.parts.clock.now())
    }

    /// Compares the ledger's tickets with the daemons' for ever.
    pub(super) async fn watch_ledger(&self, views: impl Fn() -> Views) {
        loop {
            // Soon after the start, too: the database may have been restored.
            let is_compared = self.compare_with_ledger(&views()).await;
            let again = !is_compared || lock(&self.lacking).is_any();
            sleep(if again { LEDGER_AGAIN } else { LEDGER }).await;
        }
    }

    /// Compares them once. False where a daemon could not be compared that should have been, or there is none to compare.
    pub(super) async fn compare_with_ledger(&self, views: &Views) -> bool {
        let Some(look) = self.lacking(views).await else { return false };
        let comparable = views.values().filter(|view| comparable(view).is_some()).count();
        let is_whole = comparable > 0 && look.compared.len() == comparable;
        lock(&self.lacking).look(self.parts.clock.now(), look);
        is_whole
    }

    /// What is to be said of the daemons beside each other after a look at them and another one a few seconds later, which is taken
    /// only where they differed. The ledger is not compared: without a web that runs, it waits for reports.
    pub(super) async fn of_two_looks(
        &self,
        before: &Views,
        look: impl Future<Output = Views>,
    ) -> Vec<TicketDifference> {
        if !Differences::any(before) {
            return Vec::new();
        }
        sleep(LOOK_AGAIN).await;
        let views = look.await;
        let now = self.parts.clock.now();
        let mut both = Differences::of_two_looks(before, now, &views);
        for pair in both.lasting() {
            if let Some(tickets) = self.differing(&pair).await {
                both.name(&pair, tickets);
            }
        }
        both.told()
    }

    fn daemon(&self, name: &str) -> Option<&dyn VotingDaemon> {
        self.parts.daemons.iter().map(|daemon| daemon.as_ref()).find(|daemon| daemon.name() == name)
    }

    async fn users(&self) -> Option<HashSet<ScriptAddress>> {
        let Parts { users, low_fee, upkeep, clock, .. } = &self.parts;
        let desired = desired_state(users.as_ref(), low_fee.as_ref(), upkeep.as_ref(), clock.now()).await.ok()?;
        Some(desired.users().map(|user| user.address).collect())
    }

    /// The users' tickets that two daemons judge otherwise; `None` where they cannot be listed.
    async fn differing(&self, (a, b): &Pair) -> Option<Vec<Differing>> {
        let lists = within(LISTS_LIMIT, try_join(Lists::of(self.daemon(a)?), Lists::of(self.daemon(b)?)));
        let (of_a, of_b) = lists.await.ok()?;
        Some(of_a.differing(&of_b, &self.users().await?))
    }

    /// The users' tickets that the ledger lacks of the daemons that can be compared; `None` where the database fails.
    async fn lacking(&self, views: &Views) -> Option<LedgerLook> {
        let ledger = self.parts.ledger.as_ref();
        let reports: Vec<_> = views.iter().filter_map(|(name, view)| Some((name, comparable(view)?.0))).collect();
        let mut look = LedgerLook::default();
        if reports.is_empty() {
            return Some(look);
        }
        let open = Open::read(ledger).await.ok()?;
        let mut lists = Vec::new();
        for (name, sets) in &reports {
            if open.is_of(sets) {
                look.compared.insert((*name).clone());
            } else if let Ok(listed) = within(LISTS_LIMIT, Lists::of(self.daemon(name)?)).await {
                // One that does not list them in time keeps nobody from being compared.
                lists.push((*name, listed));
            }
        }
        if lists.is_empty() {
            return Some(look);
        }
        // Read after the lists: what was reported before is in it.
        let (open, users) = (Open::read(ledger).await.ok()?, self.users().await?);
        for (name, lists) in &lists {
            for ticket in open.lacks(lists.of_users(&users)).into_iter().take(LOOKED_UP) {
                let state = ledger.ticket(&ticket).await.ok()?.map(|report| report.state);
                look.found.insert(((*name).clone(), ticket), state);
            }
            look.compared.insert((*name).clone());
        }
        Some(look)
    }
}

fn of_ledger(lacking: &Lacking) -> impl Iterator<Item = TicketDifference> {
    let told = lacking.told().into_iter();
    told.map(|(daemon, text)| TicketDifference { about: format!("daemon {daemon} and the database"), text })
}
