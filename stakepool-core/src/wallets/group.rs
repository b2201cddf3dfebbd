//! The voting wallets of a pool, and how they are kept healthy.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::census::{self, CensusError, PoolScripts};
use super::error::GroupError;
use super::import::{Refusal, import};
use super::member::{Health, Member, MemberStatus, PendingRepairs};
use super::probe::{self, LIMIT, Probed, unreachable};
use super::recovery::{self, BroughtOver, Progress};
use crate::chain::{ExtendedPubKey, Network};
use crate::ports::{PoolWallet, RescanStore, StakeInfo, UserStore};
use crate::single_flight::SingleFlight;

/// How old the statistics may be that are given without asking a wallet.
const FRESH: Duration = Duration::from_secs(2);
/// How old they may be while somebody asks already.
const STALE: Duration = Duration::from_secs(30);
/// How often a healthy wallet is probed.
const PROBE: Duration = Duration::from_secs(2);
/// First and last pause between probes of a wallet that is away.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));
/// How often a healthy wallet's scripts are compared with the users' where nothing suggests it.
const AUDIT: Duration = Duration::from_secs(30 * 60);

/// When all was compared with a wallet for the last time, and over which of its connections.
#[derive(Clone, Copy)]
struct Audited {
    at: Instant,
    connections: u64,
}

impl Audited {
    /// Whether all must be compared again.
    fn is_over(self, connections: u64) -> bool {
        connections != self.connections || self.at.elapsed() > AUDIT
    }
}

/// The voting wallets of a pool.
///
/// [`WalletGroup::run`] keeps them healthy: it probes them, brings scripts over to one that was away or is new, and has it look
/// through the chain again. A wallet whose connection was renewed, however short the gap was, is compared with the users at
/// once: behind it may be another wallet than before.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use stakepool_core::accounts::PoolBranches;
/// use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, Network};
/// use stakepool_core::testkit::{FakeWallet, MemoryStore, Mood, tickets};
/// use stakepool_core::wallets::{Agreement, WalletGroup};
///
/// let wallets = ["one", "two", "three"].map(FakeWallet::new);
/// let key: ExtendedPubKey = tickets::COLD.parse()?;
/// let store = Arc::new(MemoryStore::default());
/// let members = wallets.iter().map(|wallet| Arc::clone(wallet) as _).collect();
/// let group = WalletGroup::new(Network::Simnet, key, 2, members, store);
///
/// wallets[2].set(Mood::Unreachable);
/// group.recover_all().await;
/// let pool = PoolBranches { voting: key.external_branch()?, cold: key.external_branch()? };
/// let user = pool.cold.address(KeyIndex(7))?;
/// let registration = pool.registration(KeyIndex(1), &user, BlockHeight(300))?;
/// let agreement = Agreement { index: registration.key_index, script: registration.script };
/// assert_eq!(group.agree(&agreement).await?.len(), 2, "two of three suffice");
///
/// wallets[1].set(Mood::Unreachable);
/// group.recover_all().await;
/// assert!(group.agree(&agreement).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct WalletGroup {
    pub(super) network: Network,
    pub(super) key: ExtendedPubKey,
    pub(super) quorum: usize,
    pub(super) members: Vec<Member>,
    pub(super) users: Arc<dyn UserStore>,
    pub(super) rescans: Arc<dyn RescanStore>,
    pub(super) pool_scripts: PoolScripts,
    /// Whether the first user of all is registered although a wallet may hold scripts of earlier ones.
    pub(super) new_pool: bool,
    pub(super) stake_info: SingleFlight<Result<StakeInfo, GroupError>>,
}

impl WalletGroup {
    /// A group of wallets that must all have the account key `key`; `quorum` of them must agree on a write. `store` has
    /// the users, and remembers what the wallets owe.
    pub fn new<S: UserStore + RescanStore + 'static>(
        network: Network,
        key: ExtendedPubKey,
        quorum: usize,
        wallets: Vec<Arc<dyn PoolWallet>>,
        store: Arc<S>,
    ) -> Self {
        Self::with_stores(network, key, quorum, wallets, store.clone(), store)
    }

    /// As [`WalletGroup::new`], with the users and what the wallets owe in stores of their own.
    pub fn with_stores(
        network: Network,
        key: ExtendedPubKey,
        quorum: usize,
        wallets: Vec<Arc<dyn PoolWallet>>,
        users: Arc<dyn UserStore>,
        rescans: Arc<dyn RescanStore>,
    ) -> Self {
        let members = wallets.into_iter().map(Member::new).collect();
        Self {
            network,
            key,
            quorum,
            members,
            users,
            rescans,
            pool_scripts: PoolScripts::new(&key),
            new_pool: true,
            stake_info: SingleFlight::serving_stale(FRESH, STALE),
        }
    }

    /// Registers the first user of all only when every wallet has said which scripts it holds: one that is away may hold those
    /// of earlier users, whose key indexes must not be given again.
    #[must_use]
    pub fn first_user_needs_all_wallets(mut self) -> Self {
        self.new_pool = false;
        self
    }

    /// The state of every wallet.
    pub fn status(&self) -> Vec<MemberStatus> {
        self.members.iter().map(Member::status).collect()
    }

    /// The wallets whose scripts were not compared with the users' yet.
    pub fn unseen(&self) -> Vec<String> {
        let unseen = self.members.iter().filter(|member| !member.state().seen);
        unseen.map(|member| member.wallet.name().to_owned()).collect()
    }

    /// How many wallets must agree on a write.
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// Probes and recovers the wallets until `shutdown` is ready. A repair that is cut off is made up for by the next
    /// run.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let mut loops = Vec::with_capacity(self.members.len());
        for member in &self.members {
            loops.push(self.keep_healthy(member));
        }
        tokio::select! {
            () = shutdown => {}
            _ = join_all(loops) => {}
        }
    }

    async fn keep_healthy(&self, member: &Member) {
        let mut pause = BACK_OFF.0;
        let mut audited: Option<Audited> = None;
        loop {
            let was = member.health();
            let wanted = std::mem::take(&mut member.state().audit_wanted);
            // Read before the first question: a connection that is made meanwhile is one more.
            let connections = member.wallet.connections();
            let audit_due =
                wanted || was != Health::Healthy || audited.is_none_or(|audited| audited.is_over(connections));
            let result =
                if audit_due { self.recover(member, |_| {}).await.map(drop) } else { self.check(member).await };
            match result {
                Ok(()) => {
                    member.in_service();
                    audited = if audit_due { Some(Audited { at: Instant::now(), connections }) } else { audited };
                    pause = BACK_OFF.0;
                    // Until the next probe is due, somebody doubts the wallet, or another may be in its place.
                    tokio::select! {
                        () = sleep(PROBE) => {}
                        () = member.doubted() => {}
                        () = member.wallet.connected_again(connections) => {}
                    }
                }
                Err(health) => {
                    member.set_health(health);
                    member.state().audit_wanted = true;
                    tokio::select! {
                        () = sleep(pause) => pause = (pause * 2).min(BACK_OFF.1),
                        () = member.wallet.connected_again(connections) => {}
                    }
                }
            }
        }
    }

    /// Probes every wallet once, bringing over what is missing: what [`WalletGroup::run`] does in a loop.
    pub async fn recover_all(&self) {
        self.sync(|_, _| {}).await;
    }

    /// How every wallet is at this moment: asks all of them once, at the same time, for their state and their key. For
    /// a program that does not [run](WalletGroup::run) the group: neither a wallet nor what is known here changes, and
    /// nothing is repaired. What only a repair or a registration brings to light is not seen: that a wallet lacks
    /// scripts, or makes others than the pool.
    pub async fn look(&self) -> Vec<MemberStatus> {
        let mut looks = Vec::with_capacity(self.members.len());
        for member in &self.members {
            looks.push(self.look_at(member));
        }
        join_all(looks).await
    }

    async fn look_at(&self, member: &Member) -> MemberStatus {
        let wallet = member.wallet.as_ref();
        let mut status = probe::look(wallet, &self.key, self.rescans.as_ref()).await;
        if status.health == Health::Healthy
            && let Ok(Ok(census)) = timeout(LIMIT, census::count(wallet, &self.users, &self.pool_scripts)).await
        {
            status.census = census;
        }
        status
    }

    /// Whether a wallet answers, and still has the pool's key.
    async fn check(&self, member: &Member) -> Result<(), Health> {
        self.probe(member).await?;
        probe::check_key(member.wallet.as_ref(), &self.key).await
    }

    async fn probe(&self, member: &Member) -> Result<(), Health> {
        let asked = Instant::now();
        let Probed { info, height, latency } = probe::probe(member.wallet.as_ref()).await?;
        let mut state = member.state();
        state.heights.note(asked, Instant::now(), height);
        (state.info, state.height, state.latency) = (Some(info), Some(height), latency);
        Ok(())
    }

    /// Brings a wallet up to date, and says how far that is.
    pub(super) async fn recover(&self, member: &Member, progress: impl Fn(Progress)) -> Result<BroughtOver, Health> {
        // Known even of a wallet that is away; where the database fails, what was known before stays.
        if let Ok(owed) = self.rescans.owed_rescan(member.wallet.name()).await {
            member.state().pending.rescan_from = owed;
        }
        self.check(member).await?;
        self.settle_dispute(member).await?;
        let users = self.users.registered().await.map_err(|error| unreachable(&error))?;
        let noted = |how_far| {
            member.recovering(how_far);
            progress(how_far);
        };
        let brought = recovery::bring_over(member.wallet.as_ref(), &users, self.rescans.as_ref(), noted).await;
        let brought = brought.map_err(|error| match error {
            recovery::RecoveryError::Wallet(error) => unreachable(&error),
            recovery::RecoveryError::Store(error) => unreachable(&error),
            recovery::RecoveryError::NotTaken(_) => Health::Disagrees { how: error.to_string() },
        })?;
        member.state().pending = PendingRepairs { scripts: Some(0), rescan_from: None };
        self.count_scripts(member).await?;
        Ok(brought)
    }

    /// Counts the scripts that a wallet holds, and sees to it that nobody gets the key index of a user whom the database does
    /// not know. A wallet is in service only after that.
    async fn count_scripts(&self, member: &Member) -> Result<(), Health> {
        let census = match census::count(member.wallet.as_ref(), &self.users, &self.pool_scripts).await {
            Ok(census) => census,
            Err(CensusError::Wallet(error)) if !error.is_transient() => {
                tracing::warn!(wallet = member.wallet.name(), %error, "its scripts cannot be counted");
                None
            }
            Err(error) => return Err(unreachable(&error)),
        };
        let indexes: Vec<_> = census.iter().flat_map(|census| &census.unknown).map(|script| script.index).collect();
        if !indexes.is_empty() {
            self.users.withhold_indexes(&indexes).await.map_err(|error| unreachable(&error))?;
        }
        member.counted(census);
        Ok(())
    }

    /// Tries again the registration for which the wallet made something else, if there is one.
    async fn settle_dispute(&self, member: &Member) -> Result<(), Health> {
        let Some((agreement, _)) = member.state().disputed.clone() else { return Ok(()) };
        match import(member.wallet.as_ref(), self.network, &self.key, &agreement, LIMIT).await {
            Ok(()) => {
                let mut state = member.state();
                if state.disputed.as_ref().is_some_and(|(open, _)| *open == agreement) {
                    state.disputed = None;
                }
                Ok(())
            }
            Err(Refusal::Failed(error)) => Err(unreachable(&error)),
            Err(Refusal::Differs(how)) => Err(Health::Disagrees { how }),
        }
    }

    /// The healthy wallets, the fastest first.
    pub(super) fn by_speed(&self) -> Vec<&Member> {
        let mut healthy: Vec<_> = self.members.iter().filter(|member| member.health() == Health::Healthy).collect();
        healthy.sort_by_key(|member| member.state().latency);
        healthy
    }

    /// Why calls failed, and why other wallets were not asked.
    pub(super) fn reasons(&self, failures: Vec<String>) -> String {
        let unasked = self
            .members
            .iter()
            .filter_map(|member| {
                let why = match member.health() {
                    Health::Healthy => return None,
                    Health::Unknown => "not yet reached".to_owned(),
                    Health::Unreachable { error } => error,
                    Health::Recovering { done, total } => format!("being recovered ({done} of {total} scripts)"),
                    Health::Disagrees { how } => how,
                };
                Some(format!("{}: {why}", member.wallet.name()))
            })
            .filter(|reason| !failures.contains(reason));
        unasked.chain(failures.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Debug for WalletGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalletGroup").field("members", &self.status()).finish_non_exhaustive()
    }
}
