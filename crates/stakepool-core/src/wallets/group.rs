//! Reads go to the fastest healthy wallet; writes need a quorum of agreeing ones.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::{Instant, sleep, timeout};

use super::member::{Health, Member, MemberStatus};
use super::recovery;
use crate::chain::{BlockHash, BlockHeight, ExtendedPubKey, KeyIndex, Network, RedeemScript, ScriptAddress};
use crate::ports::{PoolWallet, StakeInfo, StoreError, UserStore, WalletError, WalletTickets};

/// How often a healthy wallet is probed.
const PROBE: Duration = Duration::from_secs(10);
/// First and last pause between probes of a wallet that is away.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How long a probe or a write may take before the wallet counts as away.
const LIMIT: Duration = Duration::from_secs(10);
/// How often a healthy wallet's scripts are compared with the users'.
const AUDIT: Duration = Duration::from_secs(30 * 60);

/// Why the group did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// No wallet answers.
    #[error("no voting wallet is in service: {0}")]
    NoneHealthy(String),
    /// Too few wallets agree.
    #[error("only {agreeing} of the {quorum} voting wallets needed are in service: {reasons}")]
    NoQuorum {
        /// How many agree.
        agreeing: usize,
        /// How many must.
        quorum: usize,
        /// Why the others do not count.
        reasons: String,
    },
    /// A wallet has other keys or makes other scripts.
    #[error("voting wallet {wallet} disagrees with the pool: {how}")]
    Disagreement {
        /// The wallet.
        wallet: String,
        /// How it differs.
        how: String,
    },
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What every wallet must agree on when a user registers.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    /// The user's key index.
    pub index: KeyIndex,
    /// The script that the pool made of its own key and the user's.
    pub script: RedeemScript,
}

/// The voting wallets of a pool.
pub struct WalletGroup {
    network: Network,
    key: ExtendedPubKey,
    quorum: usize,
    members: Vec<Member>,
    users: Arc<dyn UserStore>,
}

impl WalletGroup {
    /// A group of wallets that must all have the account key `key`; `quorum` of them must agree on a write.
    pub fn new(
        network: Network,
        key: ExtendedPubKey,
        quorum: usize,
        wallets: Vec<Arc<dyn PoolWallet>>,
        users: Arc<dyn UserStore>,
    ) -> Self {
        Self { network, key, quorum, members: wallets.into_iter().map(Member::new).collect(), users }
    }

    /// The state of every wallet.
    pub fn status(&self) -> Vec<MemberStatus> {
        self.members.iter().map(Member::status).collect()
    }

    /// How many wallets must agree on a write.
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// Probes and recovers the wallets for ever.
    pub async fn run(&self) {
        let mut loops = Vec::with_capacity(self.members.len());
        for member in &self.members {
            loops.push(self.keep_healthy(member));
        }
        join_all(loops).await;
    }

    async fn keep_healthy(&self, member: &Member) {
        let mut pause = BACK_OFF.0;
        let mut audited: Option<Instant> = None;
        loop {
            let was = member.health();
            let wanted = std::mem::take(&mut member.state().audit_wanted);
            let audit_due = wanted || was != Health::Healthy || audited.is_none_or(|at| at.elapsed() > AUDIT);
            let result = if audit_due { self.recover(member).await } else { self.probe(member).await };
            match result {
                Ok(()) => {
                    member.set_health(Health::Healthy);
                    audited = if audit_due { Some(Instant::now()) } else { audited };
                    pause = BACK_OFF.0;
                    sleep(PROBE).await;
                }
                Err(health) => {
                    member.set_health(health);
                    member.state().audit_wanted = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    /// Probes every wallet once, bringing over what is missing: what [`WalletGroup::run`] does in a loop.
    pub async fn recover_all(&self) {
        let mut recoveries = Vec::with_capacity(self.members.len());
        for member in &self.members {
            recoveries.push(self.recover(member));
        }
        for (member, result) in self.members.iter().zip(join_all(recoveries).await) {
            member.set_health(result.err().unwrap_or(Health::Healthy));
        }
    }

    async fn probe(&self, member: &Member) -> Result<(), Health> {
        let away = |error: String| Health::Away { error };
        let began = Instant::now();
        let calls = async { Ok::<_, WalletError>((member.wallet.info().await?, member.wallet.best_block().await?)) };
        match timeout(LIMIT, calls).await {
            Ok(Ok((info, (_, height)))) => {
                let mut state = member.state();
                state.latency = began.elapsed();
                state.info = Some(info);
                state.height = Some(height);
                Ok(())
            }
            Ok(Err(error)) => Err(away(error.to_string())),
            Err(_) => Err(away(format!("wallet {} does not answer; restart it", member.wallet.name()))),
        }
    }

    async fn recover(&self, member: &Member) -> Result<(), Health> {
        self.probe(member).await?;
        let found = member.wallet.master_pubkey().await.map_err(|error| Health::Away { error: error.to_string() })?;
        if found != self.key {
            let how = format!("its account key is {found}, but votingwalletextpub is {}", self.key);
            return Err(Health::Disagrees { how });
        }
        let users = self.users.registered().await.map_err(|error| Health::Away { error: error.to_string() })?;
        let progress = |done, total| member.set_health(Health::Recovering { done, total });
        recovery::bring_over(member.wallet.as_ref(), &users, progress).await.map_err(|error| match error {
            recovery::RecoveryError::Wallet(error) => Health::Away { error: error.to_string() },
            recovery::RecoveryError::NotTaken(_) => Health::Disagrees { how: error.to_string() },
        })
    }

    fn by_speed(&self) -> Vec<&Member> {
        let mut healthy: Vec<_> = self.members.iter().filter(|member| member.health() == Health::Healthy).collect();
        healthy.sort_by_key(|member| member.state().latency);
        healthy
    }

    /// Asks the fastest healthy wallet, and the next where that fails.
    async fn read<'a, T>(
        &'a self,
        call: impl Fn(&'a dyn PoolWallet) -> BoxFuture<'a, Result<T, WalletError>>,
    ) -> Result<T, GroupError> {
        for member in self.by_speed() {
            match timeout(LIMIT, call(member.wallet.as_ref())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if !error.is_transient() => {
                    tracing::warn!(%error, "the next wallet is asked");
                }
                Ok(Err(error)) => member.set_health(Health::Away { error: error.to_string() }),
                Err(_) => member.set_health(Health::Away { error: "it does not answer; restart it".to_owned() }),
            }
        }
        Err(GroupError::NoneHealthy(self.reasons()))
    }

    fn reasons(&self) -> String {
        let reasons: Vec<_> = self
            .members
            .iter()
            .filter_map(|member| {
                let why = match member.health() {
                    Health::Healthy => return None,
                    Health::Unknown => "not yet reached".to_owned(),
                    Health::Away { error } => error,
                    Health::Recovering { done, total } => format!("being recovered ({done} of {total} scripts)"),
                    Health::Disagrees { how } => how,
                };
                Some(format!("{}: {why}", member.wallet.name()))
            })
            .collect();
        reasons.join("; ")
    }

    /// Statistics of the pool.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn stake_info(&self) -> Result<StakeInfo, GroupError> {
        self.read(|wallet| wallet.stake_info()).await
    }

    /// The best block that a wallet knows.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn best_block(&self) -> Result<(BlockHash, BlockHeight), GroupError> {
        self.read(|wallet| wallet.best_block()).await
    }

    /// The tickets of one address as a wallet sees them.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, GroupError> {
        self.read(|wallet| wallet.user_tickets(address)).await
    }

    /// Whether registration can work now, without asking any wallet.
    ///
    /// # Errors
    /// [`GroupError`] says what is in the way.
    pub fn ready(&self) -> Result<(), GroupError> {
        self.no_disagreement()?;
        let agreeing = self.by_speed().len();
        if agreeing < self.quorum {
            return Err(GroupError::NoQuorum { agreeing, quorum: self.quorum, reasons: self.reasons() });
        }
        Ok(())
    }

    fn no_disagreement(&self) -> Result<(), GroupError> {
        for member in &self.members {
            if let Health::Disagrees { how } = member.health() {
                return Err(GroupError::Disagreement { wallet: member.wallet.name().to_owned(), how });
            }
        }
        Ok(())
    }

    /// Makes every healthy wallet check and import a user's script, all at once, and names those that did. The
    /// others get it from recovery once it is stored: tell them with [`WalletGroup::audit_all_but`].
    ///
    /// # Errors
    /// [`GroupError::NoQuorum`] where too few did, [`GroupError::Disagreement`] where one made something else.
    pub async fn agree(&self, agreement: &Agreement) -> Result<Vec<String>, GroupError> {
        self.ready()?;
        let mut tries = Vec::new();
        for member in self.by_speed() {
            tries.push(self.try_import(member, agreement));
        }
        let agreed: Vec<_> = join_all(tries).await.into_iter().flatten().collect();
        self.no_disagreement()?;
        if agreed.len() < self.quorum {
            return Err(GroupError::NoQuorum { agreeing: agreed.len(), quorum: self.quorum, reasons: self.reasons() });
        }
        Ok(agreed)
    }

    /// After a registration was stored, has the scripts compared in every wallet that was not among `agreed`.
    pub fn audit_all_but(&self, agreed: &[String]) {
        for member in &self.members {
            if !agreed.iter().any(|name| name == member.wallet.name()) {
                member.state().audit_wanted = true;
            }
        }
    }

    /// The name of the wallet, where it agrees.
    async fn try_import(&self, member: &Member, agreement: &Agreement) -> Option<String> {
        let health = match timeout(LIMIT, self.import(member.wallet.as_ref(), agreement)).await {
            Ok(Ok(())) => return Some(member.wallet.name().to_owned()),
            Ok(Err(health)) => health,
            Err(_) => Health::Away { error: "it does not answer; restart it".to_owned() },
        };
        member.set_health(health);
        None
    }

    async fn import(&self, wallet: &dyn PoolWallet, agreement: &Agreement) -> Result<(), Health> {
        let away = |error: WalletError| Health::Away { error: error.to_string() };
        let differs = |what: &str, found: String, expected: String| Health::Disagrees {
            how: format!("for user index {} it has {what} {found}, but the pool {expected}", agreement.index),
        };
        let pool_key = agreement.script.pool_address(self.network);
        wallet.sync_address_index(agreement.index).await.map_err(away)?;
        match wallet.own_pubkey(&pool_key.to_pubkey_hash()).await.map_err(away)? {
            Some(found) if found == pool_key => {}
            Some(found) => return Err(differs("the key", found.to_string(), pool_key.to_string())),
            None => return Err(differs("no key; the pool's is", "missing".to_owned(), pool_key.to_string())),
        }
        let user_key = agreement.script.user_address(self.network);
        let (_, made) = wallet.create_multisig(&pool_key, &user_key).await.map_err(away)?;
        if made != agreement.script {
            return Err(differs("the script", made.to_string(), agreement.script.to_string()));
        }
        wallet.import_script(&agreement.script).await.map_err(away)
    }
}

impl std::fmt::Debug for WalletGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalletGroup").field("members", &self.status()).finish_non_exhaustive()
    }
}
