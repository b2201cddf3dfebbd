//! The voting engine: what it knows and what it works with. Its loops are started by [`Engine::run`](super::run).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::ballots::Ballots;
use super::cast::Caster;
use super::desired_source::Source;
use super::journal::Journal;
use super::key_signer::KeySigner;
use super::key_votes::{FirstSigner, KeyVotes};
use super::latest_votes::LatestVotes;
use super::lost_events::LostEvents;
use super::lottery::Lottery;
use super::lottery_reports::Missed;
use super::parts::EngineParts;
use super::problems::Problems;
use super::restore::Start;
use super::snapshot::SyncPoint;
use super::ticket_sums::TicketSums;
use super::wallet_counts::WalletCounts;
use crate::chain::{ExternalBranch, Network, TicketHash};
use crate::ports::{Clock, DaemonWallet, Node, StateFile, TicketCheck, VoteSigner};

/// Blocks of the chain that are named to those who compare chains.
const LATEST_BLOCKS: usize = 8;

/// Why an engine cannot be made or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is nothing to vote with.
    #[error("at least one wallet and one node are needed")]
    NothingToVoteWith,
    /// [`Engine::run`] is under way already.
    #[error("the voting engine runs already; end that run first")]
    AlreadyRunning,
    /// The state was not saved when the engine stopped.
    #[error("the state was not saved at the stop, so that the next start begins with an older one: {0}")]
    NotSaved(String),
    /// A part of the engine ended: a defect of ours.
    #[error("the voting engine broke down; restart the daemon, and report what the log says above")]
    BrokeDown,
}

/// The voting engine of a daemon: follows a node's chain, knows which tickets are the pool's, and has wallets sign the votes
/// of those that win.
///
/// It is put together from [`EngineParts`], runs by [`Engine::run`], and can be asked and given users all the while. What
/// its wallets and nodes must keep to, [`guide`](crate::guide) says.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use stakepool_core::chain::BlockHeight;
/// use stakepool_core::ports::NodeEvent;
/// use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, settle, tickets};
/// use stakepool_core::voting::{Engine, EngineParts, TaggedEvent};
///
/// // A node whose block 220 has a ticket of user 1, and a wallet with the pool's keys.
/// let ticket = tickets::ticket(1, 1, tickets::Fee::Enough);
/// let node = FakeNode::at(219);
/// node.mine(220, 1, vec![ticket.clone()]);
/// let wallet = FakeWallet::new("wallet");
///
/// let file = Arc::new(MemoryFile::default());
/// let parts = EngineParts::new(tickets::evaluator(), vec![wallet], vec![node.clone()], file)
///     .desired(tickets::desired(&[1], &[]));
/// let engine = Engine::new(parts)?;
/// let (events, receiver) = tokio::sync::mpsc::channel(16);
/// let running = tokio::spawn(engine.clone().run(receiver, std::future::pending()));
/// let report = |event| events.try_send(TaggedEvent { node: 0, arrived: tokio::time::Instant::now(), event });
///
/// report(NodeEvent::Connected)?;
/// let (block, height) = (tickets::block(220, 1), BlockHeight(220));
/// report(NodeEvent::WinningTickets { block, height, tickets: vec![tickets::hash(&ticket)] })?;
/// while node.sent_count() == 0 {
///     settle().await;
/// }
/// assert_eq!(node.sent()[0].bits, engine.desired().users().next().unwrap().voting.bits);
/// # drop(events);
/// # running.await??;
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    lottery: RwLock<Lottery>,
    ballots: Mutex<Ballots>,
    caster: Caster,
    wallets: Vec<Arc<dyn DaemonWallet>>,
    nodes: Vec<Arc<dyn Node>>,
    journal: Journal,
    check_every: Duration,
    clock: Arc<dyn Clock>,
    state_file: Arc<dyn StateFile>,
    /// Where users and added tickets are looked up while nobody sends them.
    pub(super) source: Source,
    synced: Mutex<Option<SyncPoint>>,
    /// The latest blocks that were worked through in this run, the highest last.
    latest_blocks: Mutex<VecDeque<SyncPoint>>,
    has_users: Mutex<bool>,
    /// The epoch of the run that wrote the state file; `None` without one.
    restored_epoch: Option<u64>,
    problems: Arc<Problems>,
    check: Mutex<TicketCheck>,
    /// The tickets in short, as they were last added up.
    pub(super) ticket_sums: Mutex<TicketSums>,
    /// Whether the tickets were compared with the node's since the daemon caught up with the chain.
    compared: AtomicBool,
    /// What each wallet counted last, by its name.
    pub(super) wallet_counts: Mutex<BTreeMap<String, WalletCounts>>,
    /// Misses of addresses that no user has, about which the wallets are still to be asked.
    open_misses: Mutex<Vec<Missed>>,
    /// The node whose chain is followed.
    active_node: Mutex<Option<usize>>,
    /// Nodes that run on another network.
    other_network: Mutex<BTreeSet<usize>>,
    latest_votes: Mutex<LatestVotes>,
    /// The ticket of the last vote, where this daemon did not cast it for want of a wallet that signs.
    failed_vote: Mutex<Option<TicketHash>>,
    /// Held while the engine runs.
    pub(super) running: tokio::sync::Mutex<()>,
    /// Asks for the state to be saved soon.
    pub(super) save_soon: Notify,
    /// Held while the state is saved; false where the file must not be touched.
    may_save: Mutex<bool>,
    /// Other tickets may be the pool's now.
    pub(super) desired_changed: Notify,
    /// Events that did not reach the follower of the chain.
    pub(super) lost_events: LostEvents,
    /// Asks for the tickets to be compared with the wallets' soon.
    pub(super) audit_soon: Arc<Notify>,
    /// Asks for what votes by keys are made of to be looked up soon.
    pub(super) keys_soon: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Makes an engine from its parts and what is on disk. An unreadable state file is set aside. Whatever users are set, by
    /// [`EngineParts::desired`] or [`Engine::put_desired`]: tickets whose scripts a wallet holds are voted, with default bits
    /// where their addresses are no user's, and those addresses are a problem.
    ///
    /// # Errors
    /// [`EngineError::NothingToVoteWith`] without a wallet or node.
    pub fn new(parts: EngineParts) -> Result<Arc<Self>, EngineError> {
        let (problems, audit_soon) = (Arc::new(Problems::default()), Arc::new(Notify::new()));
        let (signer, first) = parts.signer.unwrap_or_else(|| {
            let evaluator = &parts.evaluator;
            (KeySigner::of_chain(evaluator.network(), evaluator.params()), FirstSigner::default())
        });
        let signer = Arc::new(signer);
        let signers = parts.wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn VoteSigner>).collect();
        let (nodes, clock) = (parts.nodes.clone(), Arc::clone(&parts.clock));
        let caster = Caster::reporting(signers, nodes, clock, Arc::clone(&problems), Arc::clone(&audit_soon))
            .ok_or(EngineError::NothingToVoteWith)?
            .with_keys(KeyVotes::new(Arc::clone(&signer), first));
        let lottery = Lottery::with_signer(parts.evaluator, signer);
        let start = Start::of(lottery, parts.state_file.as_ref(), parts.desired, &problems);
        Ok(Arc::new(Self {
            journal: Journal::new(start.epoch(parts.clock.now_millis())),
            lottery: RwLock::new(start.lottery),
            ballots: Mutex::default(),
            caster,
            wallets: parts.wallets,
            nodes: parts.nodes,
            check_every: parts.check_every,
            clock: parts.clock,
            state_file: parts.state_file,
            source: Source::new(parts.source),
            synced: Mutex::new(start.synced),
            latest_blocks: Mutex::default(),
            has_users: Mutex::new(start.has_users),
            restored_epoch: start.restored_epoch,
            problems,
            check: Mutex::default(),
            ticket_sums: Mutex::default(),
            compared: AtomicBool::new(false),
            wallet_counts: Mutex::default(),
            open_misses: Mutex::default(),
            active_node: Mutex::default(),
            other_network: Mutex::default(),
            failed_vote: Mutex::default(),
            latest_votes: Mutex::new(LatestVotes::restored(start.votes)),
            running: tokio::sync::Mutex::default(),
            save_soon: Notify::new(),
            may_save: Mutex::new(start.may_save),
            desired_changed: Notify::new(),
            lost_events: LostEvents::default(),
            audit_soon,
            keys_soon: Notify::new(),
        }))
    }

    /// The state of the lottery, for many readers at a time: no page or save stands in the way of a vote.
    pub(super) fn lottery(&self) -> RwLockReadGuard<'_, Lottery> {
        self.lottery.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of the lottery, to be changed.
    pub(super) fn lottery_mut(&self) -> RwLockWriteGuard<'_, Lottery> {
        self.lottery.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blocks that can be voted on, and their votes.
    pub(super) fn ballots(&self) -> MutexGuard<'_, Ballots> {
        lock(&self.ballots)
    }

    pub(super) const fn caster(&self) -> &Caster {
        &self.caster
    }

    pub(super) fn wallets(&self) -> &[Arc<dyn DaemonWallet>] {
        &self.wallets
    }

    pub(super) fn nodes(&self) -> &[Arc<dyn Node>] {
        &self.nodes
    }

    /// Node `index`, in the order given to the engine.
    pub(super) fn node(&self, index: usize) -> &dyn Node {
        self.nodes[index].as_ref()
    }

    pub(super) const fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) const fn check_every(&self) -> Duration {
        self.check_every
    }

    pub(super) fn state_file(&self) -> &dyn StateFile {
        self.state_file.as_ref()
    }

    /// Whether the state may be saved, for as long as it is being saved.
    pub(super) fn may_save(&self) -> MutexGuard<'_, bool> {
        lock(&self.may_save)
    }

    /// The ticket of the last vote, where it failed for want of a wallet that signs.
    pub(super) fn failed_vote(&self) -> MutexGuard<'_, Option<TicketHash>> {
        lock(&self.failed_vote)
    }

    /// The latest votes.
    pub(super) fn latest_votes(&self) -> MutexGuard<'_, LatestVotes> {
        lock(&self.latest_votes)
    }

    /// The external branch of the voting wallets whose key it has, where it has one.
    pub fn voting_branch(&self) -> Option<ExternalBranch> {
        self.lottery().signer().branch()
    }

    /// Whether users' votes can be signed without a wallet.
    pub fn has_voting_key(&self) -> bool {
        self.caster.has_voting_key()
    }

    pub(super) fn set_synced(&self, point: Option<SyncPoint>) {
        {
            let mut latest = lock(&self.latest_blocks);
            latest.retain(|(_, height)| point.is_some_and(|(_, tip)| *height < tip));
            latest.extend(point);
            if latest.len() > LATEST_BLOCKS {
                latest.pop_front();
            }
        }
        let before = std::mem::replace(&mut *lock(&self.synced), point);
        if before.is_none() != point.is_none() {
            self.problems.changed();
        }
    }

    pub(super) fn note_users(&self) {
        *lock(&self.has_users) = true;
    }

    /// Notes something wrong until [`Engine::solved`]; told once in the log.
    pub fn problem(&self, about: &str, what: String) {
        self.problems.problem(about, what);
    }

    /// Notes something that went wrong and cannot be mended, which is a problem for so long.
    pub(super) fn happened(&self, about: &str, what: String, stands: Duration) {
        self.problems.happened(about, what, stands);
    }

    pub(super) fn problems_of(&self) -> &Problems {
        &self.problems
    }

    /// The tickets beside those of the wallets, as far as is known.
    pub(super) fn check(&self) -> MutexGuard<'_, TicketCheck> {
        lock(&self.check)
    }

    pub(super) fn open_misses(&self) -> MutexGuard<'_, Vec<Missed>> {
        lock(&self.open_misses)
    }

    /// The node whose chain is followed.
    pub(super) fn active_node(&self) -> Option<usize> {
        *lock(&self.active_node)
    }

    pub(super) fn set_active_node(&self, node: Option<usize>) {
        *lock(&self.active_node) = node;
    }

    /// Whether the tickets were compared with the node's since the daemon caught up with the chain. Until then tickets count
    /// as live that left the lottery while nobody looked.
    pub(super) fn is_compared(&self) -> bool {
        self.compared.load(Ordering::Acquire)
    }

    pub(super) fn set_compared(&self, compared: bool) {
        self.compared.store(compared, Ordering::Release);
    }

    /// Notes the network on which a node says that it runs.
    pub(super) fn note_network(&self, node: usize, network: Network) {
        let is_ours = network == self.lottery().evaluator().network();
        let mut others = lock(&self.other_network);
        if is_ours {
            others.remove(&node);
        } else {
            others.insert(node);
        }
    }

    /// Whether a node said last that it runs on another network.
    pub(super) fn is_of_other_network(&self, node: usize) -> bool {
        lock(&self.other_network).contains(&node)
    }

    /// The epoch of the run that wrote the state file with which this one began.
    pub(super) const fn restored_epoch(&self) -> Option<u64> {
        self.restored_epoch
    }

    /// Takes back [`Engine::problem`].
    pub fn solved(&self, about: &str) {
        self.problems.solved(about);
    }

    /// What is wrong, for people.
    pub fn problems(&self) -> Vec<String> {
        self.problems.problems().into_iter().map(|(_, what)| what).collect()
    }

    /// Whether users were ever set, now or in an earlier run.
    pub fn has_users(&self) -> bool {
        *lock(&self.has_users)
    }

    /// Names this run of the daemon.
    pub const fn epoch(&self) -> u64 {
        self.journal.epoch()
    }

    /// The last block that was worked through.
    pub fn synced(&self) -> Option<SyncPoint> {
        *lock(&self.synced)
    }

    /// The latest blocks that were worked through in this run, the highest first.
    pub fn latest_blocks(&self) -> Vec<SyncPoint> {
        lock(&self.latest_blocks).iter().rev().copied().collect()
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
