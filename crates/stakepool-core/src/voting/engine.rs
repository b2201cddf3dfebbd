//! The voting engine: hears what nodes tell, votes at once, and lets everything else wait.
//!
//! One loop ([`Engine::run`]) takes the nodes' events. Winners are cast in tasks of their own straight from there;
//! what follows the chain is passed on to the [`follower`](super::follower), which may fetch and wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

use super::ballots::{Ballot, Ballots};
use super::cast::Caster;
use super::follower::{self, Follower};
use super::journal::Journal;
use super::pool::PoolState;
use super::report::{DaemonEventKind, VoteRecord};
use super::saved::{self, SyncPoint};
use super::wanted::WantedState;
use crate::chain::{BlockHash, BlockHeight, Generation, TicketHash};
use crate::ports::{Clock, EventBatch, EventCursor, LowFeeEntry, Node, NodeEvent, PoolWallet, StateFile, VoteSigner};
use crate::ticket::Evaluator;

/// How long votes under way may take when the daemon stops.
const STOP_LIMIT: Duration = Duration::from_secs(8);
/// How often wallets are asked for their state.
const WALLET_POLL: Duration = Duration::from_secs(20);
/// How often the state is saved where nothing asked for it.
const SAVE_EVERY: Duration = Duration::from_secs(120);

/// Latest votes that are kept for a web that was away, over restarts of the daemon, too.
const REMEMBER_VOTES: usize = 1000;

/// An event of one of the nodes.
#[derive(Clone, Debug)]
pub struct TaggedEvent {
    /// Which node, in the order given to the engine.
    pub node: usize,
    /// When it arrived.
    pub arrived: Instant,
    /// The event.
    pub event: NodeEvent,
}

/// What an engine is made of.
pub struct EngineParts {
    /// The judge of tickets.
    pub evaluator: Evaluator,
    /// Wallets in order of preference; the first is the daemon's own.
    pub wallets: Vec<Arc<dyn PoolWallet>>,
    /// Nodes in order of preference.
    pub nodes: Vec<Arc<dyn Node>>,
    /// Where the state is kept.
    pub state_file: Arc<dyn StateFile>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How often the live tickets are compared with the node's.
    pub check_every: Duration,
}

/// Why an engine cannot be made or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is nothing to vote with.
    #[error("at least one wallet and one node are needed")]
    NothingToVoteWith,
}

/// The voting engine of a daemon.
pub struct Engine {
    pub(super) pool: Mutex<PoolState>,
    pub(super) ballots: Mutex<Ballots>,
    pub(super) caster: Caster,
    pub(super) wallets: Vec<Arc<dyn PoolWallet>>,
    pub(super) nodes: Vec<Arc<dyn Node>>,
    pub(super) journal: Journal,
    pub(super) check_every: Duration,
    clock: Arc<dyn Clock>,
    state_file: Arc<dyn StateFile>,
    synced: Mutex<Option<SyncPoint>>,
    has_users: Mutex<bool>,
    problems: Mutex<BTreeMap<String, String>>,
    latest_votes: Mutex<VecDeque<VoteRecord>>,
    save_wanted: Notify,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Makes an engine from its parts and what is on disk. An unreadable state file is set aside; the wallet's own
    /// tickets are then voted with default bits until users are set.
    ///
    /// # Errors
    /// [`EngineError::NothingToVoteWith`] without a wallet or node.
    pub fn new(parts: EngineParts) -> Result<Arc<Self>, EngineError> {
        let signers = parts.wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn VoteSigner>).collect();
        let caster = Caster::new(signers, parts.nodes.clone(), Arc::clone(&parts.clock));
        let mut pool = PoolState::new(parts.evaluator);
        let mut problems = BTreeMap::new();
        let restored = restore(&mut pool, parts.state_file.as_ref(), &mut problems);
        // Epochs only have to grow, also over a lost state file: the time of the start does.
        let now = u64::try_from(parts.clock.now_millis().0).unwrap_or(0);
        let epoch = restored.as_ref().map_or(now, |restored| now.max(restored.epoch + 1));
        Ok(Arc::new(Self {
            pool: Mutex::new(pool),
            ballots: Mutex::default(),
            caster: caster.ok_or(EngineError::NothingToVoteWith)?,
            wallets: parts.wallets,
            nodes: parts.nodes,
            journal: Journal::new(epoch),
            check_every: parts.check_every,
            clock: parts.clock,
            state_file: parts.state_file,
            synced: Mutex::new(restored.as_ref().and_then(|restored| restored.synced)),
            has_users: Mutex::new(restored.as_ref().is_some_and(|restored| restored.has_users)),
            problems: Mutex::new(problems),
            latest_votes: Mutex::new(restored.map(|restored| restored.votes.into()).unwrap_or_default()),
            save_wanted: Notify::new(),
        }))
    }

    /// Votes until `stop` becomes true or all senders of `events` are gone; then lets votes under way finish and
    /// saves the state.
    pub async fn run(
        self: Arc<Self>,
        mut events: mpsc::UnboundedReceiver<TaggedEvent>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (to_follower, chain_events) = mpsc::unbounded_channel();
        let mut votes = JoinSet::new();
        let mut background = JoinSet::new();
        background.spawn(Follower::new(Arc::clone(&self), chain_events).run());
        background.spawn(Arc::clone(&self).poll_wallets());
        background.spawn(Arc::clone(&self).save_now_and_then());
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                event = events.recv() => match event {
                    Some(event) => self.dispatch(event, &mut votes, &to_follower),
                    None => break,
                },
                Some(_) = votes.join_next() => {}
            }
        }
        let unfinished = async { while votes.join_next().await.is_some() {} };
        if timeout(STOP_LIMIT, unfinished).await.is_err() {
            tracing::error!("stopped with votes under way");
        }
        background.shutdown().await;
        self.save();
    }

    fn dispatch(
        self: &Arc<Self>,
        event: TaggedEvent,
        votes: &mut JoinSet<()>,
        to_follower: &mpsc::UnboundedSender<follower::ChainEvent>,
    ) {
        let TaggedEvent { node, arrived, event } = event;
        match &event {
            NodeEvent::WinningTickets { block, height, tickets } => {
                self.vote_on(*block, *height, tickets, arrived, votes, node);
                return;
            }
            NodeEvent::BlockConnected(header) => lock(&self.ballots).child_connected(&header.previous),
            NodeEvent::BlockDisconnected(header) => {
                let again = lock(&self.ballots).child_disconnected(&header.previous, arrived);
                self.cast_all(again, votes);
            }
            NodeEvent::Connected => {
                // The winners of the best block may have been told while nobody listened.
                let engine = Arc::clone(self);
                votes.spawn(async move { engine.ask_for_winners(node).await });
            }
            NodeEvent::Disconnected { .. } | NodeEvent::NewTickets { .. } | NodeEvent::SpentAndMissed { .. } => {}
        }
        // The follower ends only with the engine.
        let _ = to_follower.send(follower::ChainEvent { node, event });
    }

    pub(super) async fn ask_for_winners(&self, node: usize) {
        if let Err(error) = self.nodes[node].rebroadcast_winners().await {
            tracing::warn!(%error, "the node was not asked for its winners again");
        }
    }

    fn vote_on(
        self: &Arc<Self>,
        block: BlockHash,
        height: BlockHeight,
        tickets: &[TicketHash],
        arrived: Instant,
        votes: &mut JoinSet<()>,
        node: usize,
    ) {
        let winners = lock(&self.pool).winners(tickets);
        let ballots = lock(&self.ballots).open(block, height, winners.ours, arrived);
        self.cast_all(ballots, votes);
        if !winners.unknown.is_empty() {
            let engine = Arc::clone(self);
            votes.spawn(async move { engine.vote_unknown(node, block, height, winners.unknown, arrived).await });
        }
    }

    fn cast_all(self: &Arc<Self>, ballots: Vec<Ballot>, votes: &mut JoinSet<()>) {
        for ballot in ballots {
            votes.spawn(Arc::clone(self).cast_one(ballot));
        }
    }

    async fn cast_one(self: Arc<Self>, ballot: Ballot) {
        let (block, ticket) = (ballot.block, ballot.winner.ticket);
        let record = self.caster.cast(ballot).await;
        let cast = record.outcome.is_cast();
        lock(&self.ballots).finish(&block, &ticket, cast);
        if cast {
            tracing::info!(
                %ticket, %block, height = %record.height, bits = %record.bits,
                outcome = record.outcome.name(), millis = record.timings.total.as_millis(), "voted"
            );
        } else {
            tracing::error!(
                %ticket, %block, height = %record.height,
                outcome = ?record.outcome, attempts = record.attempts, "a vote was not cast"
            );
        }
        {
            let mut latest = lock(&self.latest_votes);
            if latest.len() == REMEMBER_VOTES {
                latest.pop_front();
            }
            latest.push_back(record.clone());
        }
        self.journal.append([DaemonEventKind::Vote(record)]);
    }

    /// Looks up winners that nobody has heard of, and votes those that turn out to be the pool's.
    async fn vote_unknown(
        self: Arc<Self>,
        node: usize,
        block: BlockHash,
        height: BlockHeight,
        tickets: Vec<TicketHash>,
        arrived: Instant,
    ) {
        let mut lookups = JoinSet::new();
        for ticket in tickets {
            let engine = Arc::clone(&self);
            lookups.spawn(async move {
                engine.look_up(node, ticket).await;
                ticket
            });
        }
        let mut casting = JoinSet::new();
        while let Some(looked_up) = lookups.join_next().await {
            let Ok(ticket) = looked_up else { continue };
            let winners = lock(&self.pool).winners(&[ticket]);
            let ballots = lock(&self.ballots).open(block, height, winners.ours, arrived);
            self.cast_all(ballots, &mut casting);
        }
        while casting.join_next().await.is_some() {}
    }

    /// Fetches a ticket and judges it.
    pub(super) async fn look_up(&self, node: usize, ticket: TicketHash) {
        match self.nodes[node].transaction(&ticket.into()).await {
            Ok(mined) => {
                if let Some(mined_at) = mined.mined_at {
                    lock(&self.pool).learn(&mined.transaction, mined_at);
                }
                self.solved("lookup");
            }
            Err(error) => self.problem("lookup", format!("a ticket cannot be looked up: {error}")),
        }
    }

    /// Notes something wrong until [`Engine::solved`]; told once in the log.
    pub fn problem(&self, about: &str, what: String) {
        let before = lock(&self.problems).insert(about.to_owned(), what.clone());
        if before.as_ref() != Some(&what) {
            tracing::error!(about, "{what}");
        }
    }

    /// Takes back [`Engine::problem`].
    pub fn solved(&self, about: &str) {
        if lock(&self.problems).remove(about).is_some() {
            tracing::info!(about, "solved");
        }
    }

    /// What is wrong, for people.
    pub fn problems(&self) -> Vec<String> {
        lock(&self.problems).values().cloned().collect()
    }

    async fn poll_wallets(self: Arc<Self>) {
        let mut ticks = interval(WALLET_POLL);
        loop {
            ticks.tick().await;
            for index in 0..self.caster.wallet_count() {
                self.check_wallet(index).await;
            }
        }
    }

    /// Asks a wallet for its state and tells loudly what is wrong with it.
    pub async fn check_wallet(&self, index: usize) {
        let name = self.caster.wallet_name(index).to_owned();
        let (reach, locked, own) = (format!("{name}/reach"), format!("{name}/locked"), format!("{name}/voting"));
        let info = match timeout(WALLET_POLL, self.caster.refresh(index)).await {
            Ok(Ok(info)) => info,
            Ok(Err(error)) => return self.problem(&reach, error.to_string()),
            Err(_) => return self.problem(&reach, format!("wallet {name} does not answer; restart it")),
        };
        self.solved(&reach);
        if info.unlocked {
            self.solved(&locked);
        } else {
            self.problem(
                &locked,
                format!("wallet {name} is locked and cannot vote: unlock it with `walletpassphrase`"),
            );
        }
        if info.votes_itself {
            self.problem(&own, format!("wallet {name} votes by itself, too: restart it without --enablevoting"));
        } else {
            self.solved(&own);
        }
    }

    /// Whether any wallet is of the generation that must be told to revoke.
    pub(super) fn has_legacy_wallet(&self) -> bool {
        (0..self.caster.wallet_count())
            .any(|index| self.caster.wallet_info(index).is_some_and(|info| info.generation == Generation::Legacy))
    }

    /// Takes the users and added tickets that the web wants.
    pub fn put_wanted(&self, wanted: WantedState) {
        lock(&self.pool).set_wanted(wanted);
        *lock(&self.has_users) = true;
        self.solved("state");
        self.publish_reports();
        self.save_wanted.notify_one();
    }

    /// Changes a part of the wanted state (the predecessor's calls set users and tickets apart).
    pub fn change_wanted(&self, change: impl FnOnce(&mut WantedState)) {
        let mut wanted = lock(&self.pool).wanted().clone();
        change(&mut wanted);
        self.put_wanted(wanted);
    }

    /// The users and added tickets as they are.
    pub fn wanted(&self) -> WantedState {
        lock(&self.pool).wanted().clone()
    }

    /// Whether users were ever set, now or in an earlier run.
    pub fn has_users(&self) -> bool {
        *lock(&self.has_users)
    }

    pub(super) fn publish_reports(&self) {
        let reports = lock(&self.pool).take_reports();
        self.journal.append(reports.into_iter().map(DaemonEventKind::Ticket));
    }

    /// Tickets of users that are voted or ignored, immature ones included.
    pub fn tickets(&self, voted: bool) -> Vec<LowFeeEntry> {
        lock(&self.pool).current(voted).map(|(ticket, address)| LowFeeEntry { ticket, address }).collect()
    }

    /// How many tickets of users are voted and how many ignored, immature ones included.
    pub fn ticket_counts(&self) -> (u64, u64) {
        let pool = lock(&self.pool);
        (pool.current(true).count() as u64, pool.current(false).count() as u64)
    }

    /// Events behind a place, without waiting.
    pub fn events(&self, after: EventCursor) -> EventBatch {
        self.journal.behind(after, || {
            let tickets = lock(&self.pool).all_reports().into_iter().map(DaemonEventKind::Ticket);
            let votes = lock(&self.latest_votes).iter().cloned().map(DaemonEventKind::Vote).collect::<Vec<_>>();
            tickets.chain(votes).collect()
        })
    }

    /// Waits until there are events behind a place.
    pub async fn wait_for_events(&self, after: EventCursor) {
        self.journal.wait_behind(after).await;
    }

    /// Names this run of the daemon.
    pub const fn epoch(&self) -> u64 {
        self.journal.epoch()
    }

    /// The last block that was worked through.
    pub fn synced(&self) -> Option<SyncPoint> {
        *lock(&self.synced)
    }

    pub(super) fn set_synced(&self, point: Option<SyncPoint>) {
        *lock(&self.synced) = point;
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<crate::ports::WalletInfo> {
        self.caster.wallet_info(index)
    }

    /// The time as the engine sees it.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn save_now_and_then(self: Arc<Self>) {
        loop {
            let _ = timeout(SAVE_EVERY, self.save_wanted.notified()).await;
            let engine = Arc::clone(&self);
            let _ = tokio::task::spawn_blocking(move || engine.save()).await;
        }
    }

    /// Saves the state; a failure is a problem told to people.
    pub fn save(&self) {
        let synced = self.synced();
        let has_users = self.has_users();
        let encoded = {
            let votes = lock(&self.latest_votes);
            saved::encode(&lock(&self.pool), self.journal.epoch(), has_users, synced, votes.iter())
        };
        let result = encoded
            .map_err(|error| error.to_string())
            .and_then(|bytes| self.state_file.save(&bytes).map_err(|error| error.to_string()));
        match result {
            Ok(()) => self.solved("save"),
            Err(error) => self.problem("save", error),
        }
    }
}

fn restore(
    pool: &mut PoolState,
    file: &dyn StateFile,
    problems: &mut BTreeMap<String, String>,
) -> Option<saved::Restored> {
    let reason = match file.load() {
        Ok(None) => return None,
        Ok(Some(bytes)) => match saved::restore(pool, &bytes) {
            Ok(restored) => return Some(restored),
            Err(error) => {
                let kept = file.set_aside().unwrap_or_else(|error| error.to_string());
                format!("the state file cannot be used: {error}; it is kept as {kept}")
            }
        },
        Err(error) => error.to_string(),
    };
    let what = format!("{reason}. Until the web sends the users, the wallet's own tickets are voted with default bits");
    tracing::error!("{what}");
    problems.insert("state".to_owned(), what);
    pool.trust_wallet([]);
    None
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("caster", &self.caster).field("synced", &self.synced()).finish_non_exhaustive()
    }
}
