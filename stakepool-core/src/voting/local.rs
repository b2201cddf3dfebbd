//! An engine in the same process as a voting daemon: without a connection to itself, and without certificates.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::engine::Engine;
use crate::chain::{BlockHeight, ExtendedPubKey, Network};
use crate::desired::{DesiredState, FORMAT};
use crate::ports::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon, WalletState};
use crate::reports::BlockFacts;
use crate::ticket::PoolFee;

/// How long the status waits for a node's height.
const NODE_LIMIT: Duration = Duration::from_secs(1);
/// How long it waits for the engine to work through the blocks up to that height.
const WORK_LIMIT: Duration = Duration::from_millis(500);
/// How long a question for events waits for the first.
const EVENT_WAIT: Duration = Duration::from_secs(25);
/// How long a change of health is given to complete itself: one loss makes several problems.
const HEALTH_SETTLES: Duration = Duration::from_millis(100);

/// An [`Engine`] as a [`VotingDaemon`], for a pool that votes in its own process. The engine runs beside it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, tickets};
/// # use stakepool_core::voting::{Engine, EngineParts};
/// use stakepool_core::ports::VotingDaemon;
/// use stakepool_core::voting::LocalDaemon;
/// # let wallets = vec![FakeWallet::new("wallet") as _];
/// # let nodes = vec![FakeNode::at(20) as _];
/// # let parts = EngineParts::new(tickets::evaluator(), wallets, nodes, Arc::<MemoryFile>::default());
/// # let engine = Engine::new(parts)?;
/// # let cold_wallet = tickets::COLD.parse()?;
///
/// let daemon: Arc<dyn VotingDaemon> = Arc::new(LocalDaemon::new(engine, "this process", cold_wallet));
/// let desired = tickets::desired(&[1, 2], &[]);
/// daemon.put_desired(&desired).await?;
/// assert_eq!(daemon.status().await?.wanted_digest, desired.digest().to_string());
/// # Ok(())
/// # }
/// ```
pub struct LocalDaemon {
    engine: Arc<Engine>,
    name: String,
    id: String,
    version: String,
    network: Network,
    cold_wallet: ExtendedPubKey,
    old_cold_wallets: Vec<ExtendedPubKey>,
    fee: PoolFee,
    account_keys: Mutex<BTreeMap<usize, ExtendedPubKey>>,
    /// The keys that the wallets had at first.
    first_keys: Mutex<BTreeMap<usize, ExtendedPubKey>>,
}

impl LocalDaemon {
    /// The engine as the daemon `name`, whose tickets pay fees to the account key `cold_wallet`. Its lasting name for
    /// itself is `name`, too, until [`LocalDaemon::id`] gives another.
    pub fn new(engine: Arc<Engine>, name: impl Into<String>, cold_wallet: ExtendedPubKey) -> Self {
        let (network, fee) = {
            let lottery = engine.lottery();
            (lottery.evaluator().network(), lottery.evaluator().fee())
        };
        let name = name.into();
        Self {
            engine,
            id: name.clone(),
            name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network,
            cold_wallet,
            old_cold_wallets: Vec::new(),
            fee,
            account_keys: Mutex::default(),
            first_keys: Mutex::default(),
        }
    }

    /// Gives the daemon a lasting name for itself, which must stay the same over restarts.
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Names the cold wallets before, to which fees may go, too: those of the engine's evaluator.
    pub fn old_cold_wallets(self, old_cold_wallets: Vec<ExtendedPubKey>) -> Self {
        Self { old_cold_wallets, ..self }
    }

    /// Gives the version that the status names, where it is not this crate's.
    pub fn version(self, version: impl Into<String>) -> Self {
        Self { version: version.into(), ..self }
    }

    /// The engine.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The network whose tickets it votes.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// How many users its configuration allows for.
    pub fn configured_users(&self) -> usize {
        self.engine.lottery().evaluator().fee_addresses()
    }

    /// What the engine reports, and why nodes cannot be connected to: what each is about, and what it is.
    fn problems(&self) -> Vec<(String, String)> {
        let mut problems = self.engine.problems_of().problems();
        for node in self.engine.nodes() {
            let Some(error) = node.last_error() else { continue };
            let problem = error.to_string();
            if problems.iter().all(|(_, known)| *known != problem) {
                problems.push((format!("{}/connection", node.name()), problem));
            }
        }
        problems
    }

    /// Notes the account key that wallet `index` was found to have, which the status then shows. A key that is not the first one
    /// that it had in this run is a problem: one of the two was made from another seed.
    pub fn note_account_key(&self, index: usize, key: ExtendedPubKey) {
        let lock = |keys: &Mutex<BTreeMap<usize, ExtendedPubKey>>| {
            let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
            *keys.entry(index).or_insert(key)
        };
        let first = lock(&self.first_keys);
        self.account_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(index, key);
        let Some(wallet) = self.engine.wallets().get(index) else { return };
        self.compare_with_voting_key(wallet.name(), &key);
        let topic = format!("{}/key", wallet.name());
        if key == first {
            return self.engine.solved(&topic);
        }
        let what = format!(
            "wallet {} has the account key {key}, but had {first} before: it was made from another seed. If {key} is not the \
             pool's, it signs no vote: restore it from the pool's seed. If it is, restart stakepoold",
            wallet.name()
        );
        self.engine.problem(&topic, what);
    }

    /// Whether the voting key is that of a wallet.
    fn compare_with_voting_key(&self, wallet: &str, account: &ExtendedPubKey) {
        let topic = format!("{wallet}/votingkey");
        match self.engine.voting_branch() {
            Some(branch) if account.external_branch() != Ok(branch) => {
                let what = format!(
                    "votingkey is not the key of wallet {wallet}, whose account key is {account}: one of the two is of another seed. Make \
                     the file anew with `stakepoolctl chain voting-key`, or restore the wallet from the pool's seed"
                );
                self.engine.problem(&topic, what);
            }
            _ => self.engine.solved(&topic),
        }
    }

    /// The best height of the first node that answers.
    async fn node_height(&self) -> Option<BlockHeight> {
        for node in self.engine.nodes() {
            if let Ok(Ok((_, height))) = timeout(NODE_LIMIT, node.best_block()).await {
                return Some(height);
            }
        }
        None
    }

    /// The node's height, and how far the engine has worked through the node's blocks. Of one moment: a block that has just come
    /// is given the time to be worked through.
    async fn heights(&self) -> (Option<BlockHeight>, Option<BlockHeight>) {
        let node = self.node_height().await;
        let began = Instant::now();
        loop {
            let synced = self.engine.synced().map(|(_, height)| height);
            let behind = node.zip(synced).is_some_and(|(node, synced)| synced < node);
            if !behind || began.elapsed() >= WORK_LIMIT {
                return (node, synced);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn wallets(&self) -> Vec<WalletState> {
        let keys = self.account_keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let wallets = self.engine.wallets().iter().enumerate();
        wallets
            .map(|(index, wallet)| {
                let info = self.engine.wallet_info(index);
                WalletState {
                    name: wallet.name().to_owned(),
                    reachable: self.engine.wallet_answers(index),
                    unlocked: self.engine.wallet_signs(index),
                    votes_itself: info.is_some_and(|info| info.votes_itself),
                    account_key: keys.get(&index).map(ToString::to_string),
                }
            })
            .collect()
    }

    /// Takes the desired state. Its terms may name keys of which thousands of addresses are derived, so that this is done on a
    /// thread of its own: no vote waits.
    pub async fn put(&self, desired: DesiredState) {
        let engine = Arc::clone(&self.engine);
        // It does not panic, and is not cancelled.
        let _ = tokio::task::spawn_blocking(move || engine.put_desired(desired)).await;
    }

    /// Events behind a place; where there are none yet, waits for the first, at most `wait` long. Where a problem begins or is
    /// solved meanwhile, the answer is an empty batch: the status is worth a look.
    pub async fn events_within(&self, after: EventCursor, wait: Duration) -> EventBatch {
        let mut health = self.engine.problems_of().changes();
        let news = async {
            tokio::select! {
                () = self.engine.wait_for_events(after) => {}
                Ok(()) = health.changed() => sleep(HEALTH_SETTLES).await,
            }
        };
        // Without an event in time the answer is an empty batch.
        let _ = timeout(wait, news).await;
        self.engine.events(after)
    }
}

#[async_trait]
impl VotingDaemon for LocalDaemon {
    fn name(&self) -> &str {
        &self.name
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        let (node_height, synced_height) = self.heights().await;
        let desired = self.engine.desired();
        let (live_tickets, ignored_tickets) = self.engine.ticket_counts();
        let (problem_topics, problems) = self.problems().into_iter().unzip();
        Ok(DaemonStatus {
            id: self.id.clone(),
            epoch: self.engine.epoch(),
            version: self.version.clone(),
            network: self.network,
            cold_wallet_xpub: self.cold_wallet.to_string(),
            old_cold_wallet_xpubs: self.old_cold_wallets.iter().map(ToString::to_string).collect(),
            pool_fee: self.fee,
            wanted_digest: desired.digest().to_string(),
            users: desired.users().len() as u64,
            node_height,
            synced_height,
            wallets: self.wallets(),
            live_tickets,
            ignored_tickets,
            problems,
            problem_topics,
            takes_acknowledged: true,
            takes_keys: true,
            takes_terms: true,
            takes_format: FORMAT,
            fee_indexes: self.engine.fee_indexes(),
            latest_blocks: self.engine.latest_blocks(),
            check: self.engine.ticket_check(),
        })
    }

    async fn put_desired(&self, desired: &DesiredState) -> Result<(), DaemonError> {
        self.put(desired.clone()).await;
        Ok(())
    }

    async fn events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        Ok(self.events_within(after, EVENT_WAIT).await)
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(self.engine.tickets(true))
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(self.engine.tickets(false))
    }

    async fn blocks(&self, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, DaemonError> {
        let daemon = || self.name.clone();
        match self.engine.read_blocks(heights).await {
            Some(read) => read.map_err(|error| DaemonError::Failed { daemon: daemon(), reason: error.to_string() }),
            None => Err(DaemonError::NotReady { daemon: daemon(), reason: "it has no connection to its node".into() }),
        }
    }
}

impl std::fmt::Debug for LocalDaemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalDaemon").field("name", &self.name).field("engine", &self.engine).finish_non_exhaustive()
    }
}
