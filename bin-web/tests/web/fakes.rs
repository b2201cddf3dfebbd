//! Wallets, daemons, time and stores that do what a test tells them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stakepool::wallets::WalletView;
use stakepool_core::accounts::{Email, Registration, User, UserId};
use stakepool_core::chain::{
    Address, Amount, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PoolKey, PubKeyAddress,
    RedeemScript, ScriptAddress, TicketHash, UserKey, VoteBits, VoteTransaction, VoteVersion,
};
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{
    ChainWallet, Clock, DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, NewUser, ScriptWallet,
    Session, SessionStore, SessionToken, StakeInfo, StoreError, TicketWallet, UserStore, VoteRequest, VoteSigner,
    VotingDaemon, WalletError, WalletInfo, WalletTickets,
};
use stakepool_core::reports::{DaemonEvent, DaemonEventKind};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixMillis;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::GroupError;
use tokio::sync::Notify;

use crate::world::COLD;

/// The vote version of the fake wallets.
pub const VOTE_VERSION: VoteVersion = VoteVersion(6);

/// A clock that a test sets.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds)))
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_millis(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst) * 1000)
    }
}

/// A wallet with the pool's keys.
pub struct FakeWallet {
    pub name: String,
    pub key: ExtendedPubKey,
    pub away: AtomicBool,
}

impl FakeWallet {
    fn reach(&self) -> Result<(), WalletError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(WalletError::Unreachable { wallet: self.name.clone(), reason: "refused".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl VoteSigner for FakeWallet {
    fn name(&self) -> &str {
        &self.name
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        self.reach()?;
        Ok(WalletInfo {
            generation: Generation::Legacy,
            version: "fake".into(),
            unlocked: true,
            connected: true,
            votes_itself: false,
            vote_bits: VoteBits(1),
            vote_bits_extended: "06000000".into(),
            vote_version: VOTE_VERSION,
        })
    }

    async fn generate_vote(&self, _: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        Err(WalletError::Locked { wallet: self.name.clone() })
    }
}

#[async_trait]
impl ScriptWallet for FakeWallet {
    async fn master_pubkey(&self) -> Result<ExtendedPubKey, WalletError> {
        self.reach().map(|()| self.key)
    }

    async fn sync_address_index(&self, _: KeyIndex) -> Result<(), WalletError> {
        self.reach()
    }

    async fn own_pubkey(&self, address: &Address) -> Result<Option<PubKeyAddress>, WalletError> {
        self.reach()?;
        let keys = self.key.external_branch().unwrap().addresses(KeyIndex(20)).unwrap();
        Ok(keys.into_iter().find(|key| key.to_pubkey_hash() == *address))
    }

    async fn has_script(&self, _: &ScriptAddress) -> Result<bool, WalletError> {
        self.reach().map(|()| true)
    }

    async fn create_multisig(
        &self,
        pool: &PubKeyAddress,
        user: &PubKeyAddress,
    ) -> Result<(ScriptAddress, RedeemScript), WalletError> {
        self.reach()?;
        let script = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
        Ok((script.address(Network::Simnet), script))
    }

    async fn import_script(&self, _: &RedeemScript) -> Result<(), WalletError> {
        self.reach()
    }

    async fn rescan(&self, _: BlockHeight) -> Result<(), WalletError> {
        Ok(())
    }
}

#[async_trait]
impl ChainWallet for FakeWallet {
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError> {
        self.reach().map(|()| (BlockHash::from_bytes([0; 32]), BlockHeight(224)))
    }

    /// The figures of the recordings.
    async fn stake_info(&self) -> Result<StakeInfo, WalletError> {
        self.reach()?;
        Ok(StakeInfo {
            height: BlockHeight(224),
            difficulty: Amount::from_atoms(35_298),
            pool_size: 333,
            all_mempool: 25,
            live: 5,
            voted: 3,
            total_subsidy: Amount::from_atoms(8_910_891_087),
            proportion_live: 5.0 / 333.0,
            ..StakeInfo::default()
        })
    }
}

#[async_trait]
impl TicketWallet for FakeWallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        Ok(Vec::new())
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        Ok(WalletTickets::default())
    }

    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        Ok(())
    }
}

/// A voting daemon.
pub struct FakeDaemon {
    pub name: String,
    pub away: AtomicBool,
    /// Whether it is one of the predecessor's.
    pub old: bool,
    /// Whether our own service is closed, because it has no token.
    pub closed: AtomicBool,
    /// The cold wallet's key that it is configured with.
    pub cold_wallet: Mutex<String>,
    /// The height that it has worked through.
    pub synced: AtomicU32,
    pub wanted: Mutex<Option<DesiredState>>,
    /// How often it was given a state.
    pub pushes: AtomicI64,
    /// How often its state was asked for.
    pub looks: AtomicI64,
    events: Mutex<VecDeque<DaemonEvent>>,
    news: Notify,
}

impl FakeDaemon {
    pub fn new(name: &str, old: bool) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            away: AtomicBool::new(false),
            old,
            closed: AtomicBool::new(false),
            cold_wallet: Mutex::new(COLD.to_owned()),
            synced: AtomicU32::new(224),
            wanted: Mutex::default(),
            pushes: AtomicI64::new(0),
            looks: AtomicI64::new(0),
            events: Mutex::default(),
            news: Notify::new(),
        })
    }

    pub fn tell(&self, kind: DaemonEventKind) {
        let mut events = self.events.lock().unwrap();
        let seq = events.len() as u64 + 1;
        events.push_back(DaemonEvent { seq, kind });
        self.news.notify_one();
    }

    fn offers_ours(&self) -> Result<(), DaemonError> {
        if self.old {
            return Err(DaemonError::Unsupported { daemon: self.name.clone() });
        }
        if self.closed.load(Ordering::SeqCst) {
            return Err(DaemonError::Unauthorized { daemon: self.name.clone() });
        }
        Ok(())
    }

    fn height(&self) -> BlockHeight {
        BlockHeight(self.synced.load(Ordering::SeqCst))
    }

    pub fn users(&self) -> usize {
        self.wanted.lock().unwrap().as_ref().map_or(0, |wanted| wanted.users().len())
    }

    fn reach(&self) -> Result<(), DaemonError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(DaemonError::Unreachable { daemon: self.name.clone(), reason: "refused".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl VotingDaemon for FakeDaemon {
    fn name(&self) -> &str {
        &self.name
    }

    async fn status(&self) -> Result<DaemonStatus, DaemonError> {
        self.reach()?;
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.offers_ours()?;
        let digest = self.wanted.lock().unwrap().as_ref().map(|wanted| wanted.digest().to_string());
        Ok(DaemonStatus {
            id: self.name.clone(),
            epoch: 1,
            version: "fake".into(),
            network: Network::Simnet,
            cold_wallet_xpub: self.cold_wallet.lock().unwrap().clone(),
            pool_fee: PoolFee::from_percent(7.5).unwrap(),
            wanted_digest: digest.unwrap_or_default(),
            users: self.users() as u64,
            node_height: Some(self.height()),
            synced_height: Some(self.height()),
            wallets: Vec::new(),
            live_tickets: 0,
            ignored_tickets: 0,
            problems: Vec::new(),
        })
    }

    async fn put_desired(&self, wanted: &DesiredState) -> Result<(), DaemonError> {
        self.reach()?;
        *self.wanted.lock().unwrap() = Some(wanted.clone());
        self.pushes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn events(&self, after: EventCursor) -> Result<EventBatch, DaemonError> {
        self.offers_ours()?;
        loop {
            self.reach()?;
            let news = self.news.notified();
            let events: Vec<_> =
                self.events.lock().unwrap().iter().filter(|event| event.seq > after.seq).cloned().collect();
            if let Some(last) = events.last() {
                let next = EventCursor { epoch: 1, seq: last.seq };
                return Ok(EventBatch { next, snapshot: false, events });
            }
            news.await;
        }
    }

    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(Vec::new())
    }

    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError> {
        Ok(Vec::new())
    }
}

/// Sessions of a database that is away.
pub struct NoSessions;

#[async_trait]
impl SessionStore for NoSessions {
    async fn begin(&self, _: &SessionToken, _: &Session) -> Result<(), StoreError> {
        Err(StoreError::Backend("away".into()))
    }

    async fn find(&self, _: &SessionToken, _: UnixTime) -> Result<Option<Session>, StoreError> {
        Err(StoreError::Backend("away".into()))
    }

    async fn end(&self, _: &SessionToken) -> Result<(), StoreError> {
        Err(StoreError::Backend("away".into()))
    }

    async fn end_all(&self, _: UserId, _: Option<&SessionToken>) -> Result<(), StoreError> {
        Err(StoreError::Backend("away".into()))
    }
}

/// Users of a database whose disk is full: they can be read.
pub struct ReadOnlyUsers(pub Arc<dyn UserStore>);

fn disk_is_full<T>() -> Result<T, StoreError> {
    Err(StoreError::Backend("the disk is full".into()))
}

#[async_trait]
impl UserStore for ReadOnlyUsers {
    async fn create(&self, _: NewUser) -> Result<UserId, StoreError> {
        disk_is_full()
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.0.by_id(id).await
    }

    async fn by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        self.0.by_email(email).await
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        self.0.registered().await
    }

    async fn list(&self, after: UserId, limit: u64) -> Result<Vec<User>, StoreError> {
        self.0.list(after, limit).await
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        self.0.counts().await
    }

    async fn reserve_index(&self, _: UserId, _: u32) -> Result<KeyIndex, StoreError> {
        disk_is_full()
    }

    async fn register(&self, _: UserId, _: &Registration) -> Result<(), StoreError> {
        disk_is_full()
    }

    async fn update(&self, _: &User, _: &User) -> Result<(), StoreError> {
        disk_is_full()
    }
}

/// Wallets of which none has ever answered.
pub struct NoStats;

#[async_trait]
impl WalletView for NoStats {
    async fn stake_info(&self) -> Result<StakeInfo, GroupError> {
        Err(GroupError::NoneHealthy("all are away".into()))
    }

    fn vote_version(&self) -> Option<VoteVersion> {
        None
    }
}
