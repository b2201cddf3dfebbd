//! A voting daemon that does what a test tells it.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::tickets::COLD;
use crate::chain::{BlockHeight, Network};
use crate::desired::{DesiredState, FORMAT, FeeIndexes};
use crate::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, TicketCheck, VotingDaemon};
use crate::reports::{BlockFacts, DaemonEvent, DaemonEventKind};
use crate::ticket::PoolFee;

/// How a fake daemon behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaemonMood {
    /// Answers at once.
    Fine,
    /// Cannot be reached.
    Unreachable,
    /// Takes calls and never answers.
    Silent,
    /// Is one of the predecessor's: it takes users and tickets, lists them, and reports nothing.
    Predecessor,
    /// Answers, and takes no users.
    TakesNothing,
    /// Answers, and never lists its tickets.
    ListsNothing,
    /// As the predecessor's, because it refuses the token of the pool.
    Closed,
}

/// A voting daemon of simnet that does what a test tells it, and notes what it was given.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use stakepool_core::ports::VotingDaemon;
/// use stakepool_core::testkit::tickets::desired;
/// use stakepool_core::testkit::{DaemonMood, FakeDaemon};
///
/// let daemon = FakeDaemon::new("daemon:1");
/// daemon.put_desired(&desired(&[1, 2], &[])).await.unwrap();
/// assert_eq!((daemon.users(), daemon.status().await.unwrap().users), (2, 2));
/// daemon.set(DaemonMood::Unreachable);
/// assert!(daemon.status().await.is_err());
/// # }
/// ```
#[derive(Debug)]
pub struct FakeDaemon {
    /// Its name.
    pub name: String,
    /// How it behaves.
    pub mood: Mutex<DaemonMood>,
    /// What it says of itself, but for the digest of what it has and the number of its users.
    pub status: Mutex<DaemonStatus>,
    /// What it was given last.
    pub desired: Mutex<Option<DesiredState>>,
    /// How often it was given a state.
    pub pushes: AtomicUsize,
    /// How often its state was asked for.
    pub looks: AtomicUsize,
    /// How often it was asked for events.
    pub asked: AtomicUsize,
    /// The tickets that it would vote.
    pub live: Mutex<Vec<LowFeeEntry>>,
    /// The tickets that it ignores.
    pub ignored: Mutex<Vec<LowFeeEntry>>,
    /// What its node's chain says.
    pub blocks: Mutex<Vec<BlockFacts>>,
    events: Mutex<Vec<DaemonEvent>>,
    /// Its status changed, and nobody who waits for events was answered since.
    changed: AtomicBool,
    news: Notify,
}

impl FakeDaemon {
    /// A daemon in good order at height 321, with the cold wallet's key [`COLD`], a fee of 7.5 percent and nothing to vote.
    pub fn new(name: &str) -> Arc<Self> {
        let height = Some(BlockHeight(321));
        let status = DaemonStatus {
            id: name.to_owned(),
            epoch: 1,
            version: "fake".to_owned(),
            network: Network::Simnet,
            cold_wallet_xpub: COLD.to_owned(),
            old_cold_wallet_xpubs: Vec::new(),
            pool_fee: PoolFee::from_percent(7.5).unwrap(),
            wanted_digest: String::new(),
            users: 0,
            node_height: height,
            synced_height: height,
            wallets: Vec::new(),
            live_tickets: 0,
            ignored_tickets: 0,
            problems: Vec::new(),
            problem_topics: Vec::new(),
            takes_acknowledged: true,
            takes_keys: true,
            takes_terms: true,
            takes_format: FORMAT,
            fee_indexes: FeeIndexes::default(),
            latest_blocks: Vec::new(),
            check: TicketCheck::default(),
        };
        Arc::new(Self {
            name: name.to_owned(),
            mood: Mutex::new(DaemonMood::Fine),
            status: Mutex::new(status),
            desired: Mutex::default(),
            pushes: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            live: Mutex::default(),
            ignored: Mutex::default(),
            blocks: Mutex::default(),
            events: Mutex::default(),
            changed: AtomicBool::new(false),
            news: Notify::new(),
        })
    }

    /// Changes its mood; who waits for events hears of it.
    pub fn set(&self, mood: DaemonMood) {
        *self.mood.lock().unwrap() = mood;
        self.news.notify_waiters();
    }

    /// Changes what it says of itself; who waits for events hears that a look is worth while.
    pub fn change_status(&self, change: impl FnOnce(&mut DaemonStatus)) {
        change(&mut self.status.lock().unwrap());
        self.changed.store(true, Ordering::SeqCst);
        self.news.notify_waiters();
    }

    /// Reports a ticket or a vote.
    pub fn report(&self, kind: DaemonEventKind) {
        let mut events = self.events.lock().unwrap();
        let seq = events.len() as u64 + 1;
        events.push(DaemonEvent { seq, kind });
        self.news.notify_waiters();
    }

    /// How many users it has.
    pub fn users(&self) -> usize {
        self.desired.lock().unwrap().as_ref().map_or(0, |desired| desired.users().len())
    }

    fn reach(&self) -> Result<(), DaemonError> {
        match *self.mood.lock().unwrap() {
            DaemonMood::Unreachable => {
                Err(DaemonError::Unreachable { daemon: self.name.clone(), reason: "refused".into() })
            }
            DaemonMood::Fine
            | DaemonMood::Silent
            | DaemonMood::TakesNothing
            | DaemonMood::ListsNothing
            | DaemonMood::Predecessor
            | DaemonMood::Closed => Ok(()),
        }
    }

    /// Whether it answers the calls that the predecessor's do not have.
    fn offers_ours(&self) -> Result<(), DaemonError> {
        self.reach()?;
        let daemon = self.name.clone();
        match *self.mood.lock().unwrap() {
            DaemonMood::Predecessor => Err(DaemonError::Unsupported { daemon }),
            DaemonMood::Closed => Err(DaemonError::Unauthorized { daemon }),
            DaemonMood::Fine
            | DaemonMood::Silent
            | DaemonMood::TakesNothing
            | DaemonMood::ListsNothing
            | DaemonMood::Unreachable => Ok(()),
        }
    }

    async fn list(&self, tickets: &Mutex<Vec<LowFeeEntry>>) -> Result<Vec<LowFeeEntry>, DaemonError> {
        self.reach()?;
        if *self.mood.lock().unwrap() == DaemonMood::ListsNothing {
            pending::<()>().await;
        }
        Ok(tickets.lock().unwrap().clone())
    }
}

#[async_trait]
impl VotingDaemon for FakeDaemon {
    fn name(&self) -> &str {
        &self.name
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        if *self.mood.lock().unwrap() == DaemonMood::Silent {
            pending::<()>().await;
        }
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.offers_ours()?;
        let digest = self.desired.lock().unwrap().as_ref().map(|desired| desired.digest().to_string());
        let (wanted_digest, users) = (digest.unwrap_or_default(), self.users() as u64);
        Ok(DaemonStatus { wanted_digest, users, ..self.status.lock().unwrap().clone() })
    }

    async fn put_desired(&self, desired: &DesiredState) -> Result<(), DaemonError> {
        self.reach()?;
        if *self.mood.lock().unwrap() == DaemonMood::TakesNothing {
            return Err(DaemonError::Failed { daemon: self.name.clone(), reason: "its state is full".into() });
        }
        let DaemonStatus { takes_acknowledged, takes_keys, .. } = *self.status.lock().unwrap();
        let keys = desired.scripts().len() + desired.key_tickets().len();
        if desired.acknowledged().len() > 0 && !takes_acknowledged || keys > 0 && !takes_keys {
            return Err(DaemonError::Failed { daemon: self.name.clone(), reason: "digest does not match".into() });
        }
        let is_later = desired.withdrawn().len() > 0 || !desired.fee_indexes().is_empty();
        if is_later && self.status.lock().unwrap().takes_format == 0 {
            return Err(DaemonError::Failed { daemon: self.name.clone(), reason: "digest does not match".into() });
        }
        if !desired.terms().is_empty() && !self.status.lock().unwrap().takes_terms {
            return Err(DaemonError::Failed { daemon: self.name.clone(), reason: "digest does not match".into() });
        }
        self.status.lock().unwrap().fee_indexes.raise(desired.fee_indexes());
        *self.desired.lock().unwrap() = Some(desired.clone());
        self.pushes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        loop {
            // Before anything is looked at, so that no news is missed.
            let news = self.news.notified();
            self.offers_ours()?;
            let is_new = |event: &&DaemonEvent| event.seq > after.seq;
            let events: Vec<_> = self.events.lock().unwrap().iter().filter(is_new).cloned().collect();
            if let Some(last) = events.last() {
                let next = EventCursor { epoch: 1, seq: last.seq };
                return Ok(EventBatch { next, snapshot: false, events });
            }
            if self.changed.swap(false, Ordering::SeqCst) {
                return Ok(EventBatch { next: after, snapshot: false, events });
            }
            news.await;
        }
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        self.list(&self.live).await
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        self.list(&self.ignored).await
    }

    async fn blocks(&self, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, DaemonError> {
        self.offers_ours()?;
        let blocks = self.blocks.lock().unwrap();
        Ok(blocks.iter().filter(|block| heights.contains(&block.height)).cloned().collect())
    }
}
