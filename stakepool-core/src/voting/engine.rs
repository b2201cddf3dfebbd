//! The voting engine: hears what nodes tell, votes at once, and lets everything else wait.
//!
//! One loop ([`Engine::run`]) takes the nodes' events. Winners are cast in tasks of their own straight from there;
//! what follows the chain is passed on to the [`follower`](super::follower), which may fetch and wait.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use super::ballots::{Ballot, Ballots, Drawn};
use super::cast::Caster;
use super::follower::{self, Follower};
use super::journal::Journal;
use crate::chain::{BlockHash, Generation, TicketHash};
use crate::ports::{Clock, Node, NodeError, NodeEvent, PoolWallet, StateFile, VoteSigner, WalletInfo};
use crate::reports::{DaemonEventKind, VoteRecord};
use crate::ticket::Evaluator;
use crate::voting::lottery::Lottery;
use crate::voting::persist;
use crate::voting::problems::Problems;
use crate::voting::snapshot::SyncPoint;

/// How long votes under way may take when the daemon stops.
const STOP_LIMIT: Duration = Duration::from_secs(8);
/// How often wallets are asked for their state.
const WALLET_POLL: Duration = Duration::from_secs(20);

/// First and longest pause between two tries to look up an unknown winner.
const LOOK_UP_PAUSE: Duration = Duration::from_millis(20);
const LOOK_UP_PAUSE_MOST: Duration = Duration::from_secs(1);
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
    /// A part of the engine ended: a defect of ours.
    #[error("the voting engine broke down; restart the daemon, and report what the log says above")]
    BrokeDown,
}

/// The voting engine of a daemon.
pub struct Engine {
    pub(super) pool: RwLock<Lottery>,
    pub(super) ballots: Mutex<Ballots>,
    pub(super) caster: Caster,
    pub(super) wallets: Vec<Arc<dyn PoolWallet>>,
    pub(super) nodes: Vec<Arc<dyn Node>>,
    pub(super) journal: Journal,
    pub(super) check_every: Duration,
    clock: Arc<dyn Clock>,
    pub(super) state_file: Arc<dyn StateFile>,
    synced: Mutex<Option<SyncPoint>>,
    pub(super) has_users: Mutex<bool>,
    problems: Arc<Problems>,
    pub(super) latest_votes: Mutex<VecDeque<VoteRecord>>,
    pub(super) save_wanted: Notify,
    /// Held while the state is saved; false where the file must not be touched.
    pub(super) saving: Mutex<bool>,
    /// Tells that other tickets may be the pool's now.
    pub(super) wanted_changed: Notify,
    /// Wallets that did not answer when last asked.
    unreachable: Mutex<BTreeSet<usize>>,
}

/// The pool's state, for many readers at a time: no page or save stands in the way of a vote.
pub(super) fn read(pool: &RwLock<Lottery>) -> RwLockReadGuard<'_, Lottery> {
    pool.read().unwrap_or_else(PoisonError::into_inner)
}

/// The pool's state, to be changed.
pub(super) fn write(pool: &RwLock<Lottery>) -> RwLockWriteGuard<'_, Lottery> {
    pool.write().unwrap_or_else(PoisonError::into_inner)
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
        let problems = Arc::new(Problems::default());
        let (nodes, clock) = (parts.nodes.clone(), Arc::clone(&parts.clock));
        let caster = Caster::with_problems(signers, nodes, clock, Arc::clone(&problems));
        let mut pool = Lottery::new(parts.evaluator);
        let (restored, may_save) = persist::restore(&mut pool, parts.state_file.as_ref(), &problems);
        if !restored.as_ref().is_some_and(|restored| restored.has_users) {
            // Until users are set, the wallet's word is taken: its scripts are the pool's.
            tracing::warn!(
                "no users are known: until the web sends them, the wallet's tickets are voted with default bits"
            );
            pool.trust_wallet([]);
        }
        // Epochs only have to grow, also over a lost state file: the time of the start does.
        let now = u64::try_from(parts.clock.now_millis().0).unwrap_or(0);
        let epoch = restored.as_ref().map_or(now, |restored| now.max(restored.epoch + 1));
        Ok(Arc::new(Self {
            pool: RwLock::new(pool),
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
            problems,
            latest_votes: Mutex::new(restored.map(|restored| restored.votes.into()).unwrap_or_default()),
            save_wanted: Notify::new(),
            saving: Mutex::new(may_save),
            wanted_changed: Notify::new(),
            unreachable: Mutex::default(),
        }))
    }

    /// Votes until `stop` becomes true or all senders of `events` are gone; then lets votes under way finish and
    /// saves the state.
    ///
    /// # Errors
    /// [`EngineError::BrokeDown`] where a part of the engine ended by itself.
    pub async fn run(
        self: Arc<Self>,
        mut events: mpsc::UnboundedReceiver<TaggedEvent>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), EngineError> {
        let (to_follower, chain_events) = mpsc::unbounded_channel();
        let mut votes = JoinSet::new();
        let mut background = JoinSet::new();
        background.spawn(Follower::new(Arc::clone(&self), chain_events).run());
        background.spawn(Arc::clone(&self).poll_wallets());
        background.spawn(Arc::clone(&self).save_now_and_then());
        let ended = loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break Ok(()),
                event = events.recv() => match event {
                    Some(event) => self.dispatch(event, &mut votes, &to_follower),
                    None => break Ok(()),
                },
                () = self.wanted_changed.notified() => self.vote_on_open_blocks(&mut votes),
                Some(ended) = votes.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "a vote broke down");
                },
                Some(_) = background.join_next() => break Err(EngineError::BrokeDown),
            }
        };
        // Winners that arrived with the order to stop are voted, too.
        while let Ok(event) = events.try_recv() {
            self.dispatch(event, &mut votes, &to_follower);
        }
        let unfinished = async { while votes.join_next().await.is_some() {} };
        if timeout(STOP_LIMIT, unfinished).await.is_err() {
            tracing::error!("stopped with votes under way");
        }
        background.shutdown().await;
        self.save();
        ended
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
                let drawn = Drawn { block: *block, height: *height, tickets: tickets.clone() };
                if lock(&self.ballots).tell(&drawn, arrived) {
                    self.vote_on(&drawn, arrived, votes);
                }
                return;
            }
            NodeEvent::BlockConnected(header) => lock(&self.ballots).child_connected(&header.previous),
            NodeEvent::BlockDisconnected(header) => {
                let again = lock(&self.ballots).child_disconnected(&header.previous);
                if let Some(drawn) = again {
                    self.vote_on(&drawn, arrived, votes);
                }
            }
            NodeEvent::Connected => {
                // The node may have lost what it was sent, and told its best block's winners while nobody listened.
                lock(&self.ballots).forget_cast();
                self.vote_on_open_blocks(votes);
                let engine = Arc::clone(self);
                votes.spawn(async move { engine.ask_for_winners(node).await });
            }
            NodeEvent::Disconnected { .. } | NodeEvent::NewTickets { .. } | NodeEvent::SpentAndMissed { .. } => {}
        }
        // Where the follower has ended, the engine is about to.
        let _ = to_follower.send(follower::ChainEvent { node, event });
    }

    pub(super) async fn ask_for_winners(&self, node: usize) {
        if let Err(error) = self.nodes[node].rebroadcast_winners().await {
            tracing::warn!(%error, "the node was not asked for its winners again");
        }
    }

    /// Casts the votes of a block's winners that are the pool's, as far as none is under way or done.
    fn vote_on(self: &Arc<Self>, drawn: &Drawn, arrived: Instant, votes: &mut JoinSet<()>) {
        let winners = read(&self.pool).winners(&drawn.tickets);
        let ballots = lock(&self.ballots).open(&drawn.block, winners.ours, arrived);
        self.cast_all(ballots, votes);
        for ticket in winners.unknown {
            votes.spawn(Arc::clone(self).vote_unknown(drawn.block, ticket, arrived));
        }
    }

    fn vote_on_open_blocks(self: &Arc<Self>, votes: &mut JoinSet<()>) {
        let open = lock(&self.ballots).all_votable();
        for drawn in open {
            self.vote_on(&drawn, Instant::now(), votes);
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

    /// Looks up a winner that nobody has heard of, and votes it where it turns out to be the pool's. Asks all nodes
    /// again and again while the block can be voted on.
    async fn vote_unknown(self: Arc<Self>, block: BlockHash, ticket: TicketHash, arrived: Instant) {
        let Some(mut votable) = lock(&self.ballots).votable(&block) else { return };
        let mut pause = LOOK_UP_PAUSE;
        while !read(&self.pool).knows(&ticket) {
            for node in 0..self.nodes.len() {
                if self.look_up(node, ticket).await {
                    break;
                }
            }
            if read(&self.pool).knows(&ticket) {
                break;
            }
            let too_late = tokio::select! {
                biased;
                _ = votable.wait_for(|votable| !votable) => true,
                () = sleep(pause) => false,
            };
            if too_late {
                tracing::error!(%ticket, %block, "a winner could not be looked up; if it was the pool's, its vote is missed");
                return;
            }
            pause = (pause * 2).min(LOOK_UP_PAUSE_MOST);
        }
        let winners = read(&self.pool).winners(&[ticket]);
        let ballots = lock(&self.ballots).open(&block, winners.ours, arrived);
        for ballot in ballots {
            Arc::clone(&self).cast_one(ballot).await;
        }
    }

    /// Looks up a ticket of the chain. False where the node could not tell, which is a problem.
    pub(super) async fn look_up(&self, node: usize, ticket: TicketHash) -> bool {
        match self.fetch(node, ticket).await {
            Ok(()) => {
                self.solved("lookup");
                true
            }
            Err(error @ NodeError::NotFound { .. }) => {
                self.problem("lookup", format!("tickets cannot be looked up: {error}"));
                false
            }
            Err(error) => {
                tracing::warn!(%error, %ticket, "a ticket was not looked up");
                false
            }
        }
    }

    /// Fetches a ticket and judges it.
    pub(super) async fn fetch(&self, node: usize, ticket: TicketHash) -> Result<(), NodeError> {
        let mined = self.nodes[node].transaction(&ticket.into()).await?;
        if let Some(mined_at) = mined.mined_at {
            write(&self.pool).learn(&mined.transaction, mined_at);
        }
        Ok(())
    }

    /// Notes something wrong until [`Engine::solved`]; told once in the log.
    pub fn problem(&self, about: &str, what: String) {
        self.problems.problem(about, what);
    }

    /// Takes back [`Engine::problem`].
    pub fn solved(&self, about: &str) {
        self.problems.solved(about);
    }

    /// What is wrong, for people.
    pub fn problems(&self) -> Vec<String> {
        self.problems.problems()
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
            Ok(Err(error)) => {
                lock(&self.unreachable).insert(index);
                return self.problem(&reach, error.to_string());
            }
            Err(_) => {
                lock(&self.unreachable).insert(index);
                return self.problem(&reach, format!("wallet {name} does not answer; restart it"));
            }
        };
        lock(&self.unreachable).remove(&index);
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

    /// The wallets of the generation that must be told to revoke.
    pub(super) fn legacy_wallets(&self) -> Vec<Arc<dyn PoolWallet>> {
        let is_legacy = |index| {
            self.caster.wallet_info(index).is_some_and(|info: WalletInfo| info.generation == Generation::Legacy)
        };
        let wallets = self.wallets.iter().enumerate();
        wallets.filter(|(index, _)| is_legacy(*index)).map(|(_, wallet)| Arc::clone(wallet)).collect()
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

    /// Whether wallet `index` answered when it was last asked.
    pub fn wallet_answers(&self, index: usize) -> bool {
        self.caster.wallet_info(index).is_some() && !lock(&self.unreachable).contains(&index)
    }

    /// The last known state of wallet `index`.
    pub fn wallet_info(&self, index: usize) -> Option<WalletInfo> {
        self.caster.wallet_info(index)
    }

    /// The time as the engine sees it.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("caster", &self.caster).field("synced", &self.synced()).finish_non_exhaustive()
    }
}
