//! What a daemon has is compared with the desired state, and is given to it where it lacks it, or only looked at.

use std::collections::HashSet;
use std::time::Duration;

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::{BlockHeight, Generation};
use stakepool_core::desired::{DesiredState, FeeIndexes};
use stakepool_core::ports::{AuditEntry, DaemonError, DaemonStatus, StoreError, TicketCheck, VotingDaemon};
use stakepool_core::ticket::TermsHistory;
use tokio::time::sleep;

use crate::daemons::desired::desired_by;
use crate::daemons::round::{RoundError, within};
use crate::daemons::view::{DaemonView, Expected};
use crate::desired_changed::DesiredChanged;
use crate::parts::Parts;
use crate::unknown_notes::set_acknowledged;
use crate::web_versions::WebVersions;

/// How long a daemon may take to say how it is: it has that ready.
const STATUS_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take for any other answer.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a change may be on its way to the daemons before one that lacks it is out of sync.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// What a daemon's view says where the daemon lets nobody compare.
const CLOSED: &str = "it has users and tickets by the predecessor's calls only, and tells nothing of itself, because it \
                      refuses our token or has none; set the same rpctoken for the web and the daemon";
/// What it says where a daemon that is only looked at lacks the desired state.
const BEHIND: &str = "it lacks the latest users or added tickets of the web's database: start the web, which gives them to \
                      it, or look into the web's log";

/// Compares daemons with the desired state.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    parts: Parts,
    signal: DesiredChanged,
    expected: Expected,
    webs: WebVersions,
}

/// What a comparison finds.
enum Found {
    /// How the daemon is, and nothing is to be done: it has the desired state, or must not be given it.
    Done(DaemonView),
    /// It lacks the desired state.
    Lacking(DaemonStatus, DesiredState),
    /// It cannot be compared; what its view says of that.
    Incomparable(Option<&'static str>),
}

/// What a comparison is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The daemon is to get what it lacks.
    Reconcile,
    /// Nothing changes.
    Look,
}

/// A database without users that may be an empty, restored or wrong one must not take the users from a daemon.
fn withheld(desired: &DesiredState, status: &DaemonStatus) -> Option<String> {
    let text = format!(
        "it keeps its {} users, because the web's database has none with an address: check `database`, and whether the \
         file there is the pool's",
        status.users
    );
    (desired.users().len() == 0 && status.users > 0).then_some(text)
}

impl Comparison {
    /// Compares daemons, as far as they are `expected`, with the state that the stores of `parts` desire.
    pub(super) fn new(parts: Parts, signal: DesiredChanged, expected: Expected) -> Self {
        let webs = WebVersions::new(&parts);
        Self { parts, signal, expected, webs }
    }

    /// The webs on the database.
    pub(super) const fn web_versions(&self) -> &WebVersions {
        &self.webs
    }

    /// Gives a daemon the desired state where it lacks it.
    pub(super) async fn reconcile(&self, daemon: &dyn VotingDaemon) -> Result<DaemonView, RoundError> {
        match self.compare(daemon, Purpose::Reconcile).await? {
            Found::Done(view) => Ok(view),
            Found::Lacking(status, desired) => {
                self.push(daemon, &desired).await?;
                let (wanted_digest, users) = (desired.digest().to_string(), desired.users().len() as u64);
                // Its tickets were added up before it had these users.
                let check = TicketCheck { sets: None, ..status.check };
                Ok(self.in_sync(Some(DaemonStatus { wanted_digest, users, check, ..status }), None))
            }
            Found::Incomparable(remark) => self.repeat(daemon, remark).await,
        }
    }

    /// As [`Comparison::reconcile`]. Where a daemon was in sync `before`, only its status is asked for, and compared where that
    /// tells of another state than before.
    pub(super) async fn follow(
        &self,
        daemon: &dyn VotingDaemon,
        before: Option<&DaemonStatus>,
    ) -> Result<DaemonView, RoundError> {
        let Some(before) = before else { return self.reconcile(daemon).await };
        let status = within(STATUS_LIMIT, daemon.status()).await?;
        let is_as_before = (status.epoch, &status.wanted_digest) == (before.epoch, &before.wanted_digest)
            && self.expected.refusal(&status).is_none();
        if is_as_before { Ok(self.in_sync(Some(status), None)) } else { self.reconcile(daemon).await }
    }

    /// How a daemon is. Nothing changes.
    pub(super) async fn look(&self, daemon: &dyn VotingDaemon) -> Result<DaemonView, RoundError> {
        let mut found = self.compare(daemon, Purpose::Look).await?;
        if matches!(found, Found::Lacking(..)) {
            sleep(ON_ITS_WAY).await;
            found = self.compare(daemon, Purpose::Look).await?;
        }
        match found {
            Found::Done(view) => Ok(view),
            Found::Lacking(status, _) => Ok(DaemonView::out_of_sync(status, BEHIND.to_owned())),
            Found::Incomparable(remark) => {
                self.read(daemon).await?;
                Ok(self.in_sync(None, remark))
            }
        }
    }

    async fn compare(&self, daemon: &dyn VotingDaemon, purpose: Purpose) -> Result<Found, RoundError> {
        let status = match within(STATUS_LIMIT, daemon.status()).await {
            Err(RoundError::Daemon(DaemonError::Unsupported { .. })) => return Ok(Found::Incomparable(None)),
            // A token that is wrong for the predecessor's calls, too, shows there.
            Err(RoundError::Daemon(DaemonError::Unauthorized { .. })) => return Ok(Found::Incomparable(Some(CLOSED))),
            other => other?,
        };
        if let Some(reason) = self.expected.refusal(&status) {
            let view = DaemonView { refused: true, ..DaemonView::out_of_sync(status, reason) };
            return Ok(Found::Done(view));
        }
        let Some(mut desired) = self.stored(purpose, status.synced_height).await else {
            return Ok(Found::Done(DaemonView::unjudged(Some(status))));
        };
        if !status.takes_acknowledged {
            // An older daemon does not know them: the digest would be another one to it, and it would take no user either.
            desired = desired.with_acknowledged([]);
        }
        if !status.takes_keys {
            desired = desired.with_scripts([]).with_key_tickets([]);
        }
        if status.takes_format == 0 {
            desired = desired.with_withdrawn([]).with_fee_indexes(FeeIndexes::default());
        }
        if !status.takes_terms {
            desired = desired.with_terms(TermsHistory::default());
        }
        if let Some(reason) = withheld(&desired, &status) {
            return Ok(Found::Done(DaemonView::out_of_sync(status, reason)));
        }
        if status.wanted_digest == desired.digest().to_string() {
            return Ok(Found::Done(self.in_sync(Some(status), None)));
        }
        if self.is_anothers().await {
            return Ok(Found::Done(DaemonView::unjudged(Some(status))));
        }
        Ok(Found::Lacking(status, desired))
    }

    /// Whether a newer web gives the daemons what they should have: this program does not know all of that, and what differs
    /// is nothing that they lack. Where the database does not say, nothing is given either.
    async fn is_anothers(&self) -> bool {
        let newer = self.webs.newer().await;
        newer.map_or(true, |newer| newer.is_some())
    }

    /// What a daemon should have that has worked through so many blocks; `None` where the database fails, which is a problem of
    /// its own.
    async fn stored(&self, purpose: Purpose, synced: Option<BlockHeight>) -> Option<DesiredState> {
        if self.parts.database.is_failing() {
            return None;
        }
        let read = async {
            if purpose == Purpose::Look {
                return self.desired().await;
            }
            self.settle(synced).await?;
            self.forget_acknowledgements(self.desired().await?).await
        };
        read.await.inspect_err(|error| tracing::debug!(%error, "no desired state")).ok()
    }

    /// Gives everything to a daemon that cannot be compared. Without users there is nothing to give, and who knows what
    /// would be taken.
    async fn repeat(&self, daemon: &dyn VotingDaemon, remark: Option<&str>) -> Result<DaemonView, RoundError> {
        // Such a daemon reports no height either; the wallet that is furthest behind does.
        let synced = self.parts.stats.wallets().iter().filter_map(|wallet| wallet.height).min();
        match self.stored(Purpose::Reconcile, synced).await {
            Some(desired) if desired.users().len() > 0 && !self.is_anothers().await => {
                self.push(daemon, &desired).await?
            }
            Some(_) => self.read(daemon).await?,
            None => {
                self.read(daemon).await?;
                return Ok(DaemonView::unjudged(None));
            }
        }
        Ok(self.in_sync(None, remark))
    }

    async fn push(&self, daemon: &dyn VotingDaemon, desired: &DesiredState) -> Result<(), RoundError> {
        within(LIMIT, daemon.put_desired(desired)).await?;
        let (users, added) = (desired.users().len(), desired.added().len());
        tracing::info!(daemon = daemon.name(), users, added, "given the desired state");
        Ok(())
    }

    /// Finds out whether a daemon that cannot be compared takes our calls, by one that changes nothing.
    async fn read(&self, daemon: &dyn VotingDaemon) -> Result<(), RoundError> {
        within(LIMIT, daemon.ignored_tickets()).await.map(drop)
    }

    fn in_sync(&self, status: Option<DaemonStatus>, remark: Option<&str>) -> DaemonView {
        let last_in_sync = Some(self.parts.clock.now());
        let error = remark.map(str::to_owned);
        DaemonView { reachable: true, status, in_sync: true, error, last_in_sync, ..DaemonView::default() }
    }

    /// Notes what became of added tickets, once their end is so deep below the height that no reorganisation undoes it: as
    /// deep as a ticket takes to mature. Until then they stay desired.
    async fn settle(&self, synced: Option<BlockHeight>) -> Result<(), StoreError> {
        let Some(synced) = synced else { return Ok(()) };
        // The same in both generations.
        let maturity = self.expected.network().params(Generation::Today).ticket_maturity;
        if let Some(deep) = synced.0.checked_sub(maturity)
            && self.parts.low_fee.settle(BlockHeight(deep)).await?
        {
            self.signal.changed();
        }
        Ok(())
    }

    /// Takes back acknowledgements of addresses that are a user's by now: where that user is lost later, people must hear of it.
    async fn forget_acknowledgements(&self, desired: DesiredState) -> Result<DesiredState, StoreError> {
        let taken: HashSet<_> =
            desired.users().map(|user| user.address).filter(|address| desired.is_acknowledged(address)).collect();
        for address in &taken {
            set_acknowledged(self.parts.upkeep.as_ref(), address, None).await?;
            let detail = "it is a user's by now".to_owned();
            let taken_back =
                AuditEntry::new(self.parts.clock.now(), Actor::Pool, AuditAction::UnknownAlarm, address, detail);
            self.parts.audit.append(&taken_back).await?;
            tracing::info!(%address, "no longer acknowledged as nobody's: it is a user's");
        }
        let rest: Vec<_> = desired.acknowledged().filter(|address| !taken.contains(address)).copied().collect();
        Ok(desired.with_acknowledged(rest))
    }

    /// The users and added tickets as they are now: what every daemon should have.
    pub(super) async fn desired(&self) -> Result<DesiredState, StoreError> {
        desired_by(&self.parts).await
    }
}
