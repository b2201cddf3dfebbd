//! Wallets and stores that do what a test says, and daemons as high as these wallets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use stakepool::wallets::WalletView;
use stakepool_core::accounts::{Email, Registration, User, UserId};
use stakepool_core::chain::{
    Address, Amount, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PoolKey, PubKeyAddress,
    RedeemScript, ScriptAddress, TicketHash, UserKey, VoteBits, VoteTransaction, VoteVersion,
};
use stakepool_core::ports::{
    ChainWallet, NewUser, ScriptWallet, Session, SessionStore, SessionToken, StakeInfo, StoreError, TicketWallet,
    UserStore, VoteRequest, VoteSigner, WalletError, WalletInfo, WalletTickets,
};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::GroupError;

/// The vote version of the fake wallets.
pub const VOTE_VERSION: VoteVersion = VoteVersion(6);

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
            spv: false,
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

/// A voting daemon that is as high as the wallets.
pub fn daemon(name: &str) -> Arc<FakeDaemon> {
    let daemon = FakeDaemon::new(name);
    reaches(&daemon, 224);
    daemon
}

/// One of the predecessor's daemons.
pub fn predecessor(name: &str) -> Arc<FakeDaemon> {
    let daemon = daemon(name);
    daemon.set(DaemonMood::Predecessor);
    daemon
}

/// Has a daemon and its node work through the chain up to a height.
pub fn reaches(daemon: &FakeDaemon, height: u32) {
    let mut status = daemon.status.lock().unwrap();
    (status.node_height, status.synced_height) = (Some(BlockHeight(height)), Some(BlockHeight(height)));
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

    async fn set_end(&self, _: &SessionToken, _: UnixTime) -> Result<(), StoreError> {
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

    async fn key_indexes(&self) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
        self.0.key_indexes().await
    }

    async fn withhold_indexes(&self, _: &[KeyIndex]) -> Result<(), StoreError> {
        disk_is_full()
    }

    async fn withhold_free_indexes(&self, _: &[KeyIndex], _: &str, _: &str) -> Result<bool, StoreError> {
        disk_is_full()
    }

    async fn release_indexes(&self, _: &[KeyIndex], _: &str, _: &str) -> Result<(), StoreError> {
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
