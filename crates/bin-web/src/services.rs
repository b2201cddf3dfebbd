//! What the web application works with: stores, wallets, daemons, time and randomness, each behind a trait.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::accounts::{Registration, SecureRandom, SystemRandom, UserId};
use stakepool_core::chain::VoteVersion;
use stakepool_core::ports::{
    Clock, LedgerStore, LowFeeStore, SessionStore, StakeInfo, SystemClock, UserStore, VotingDaemon,
};
use stakepool_core::registration::{Registrar, RegistrationError};
use stakepool_core::wallets::{GroupError, Health, WalletGroup};

use crate::agendas::Agenda;

/// Registers users' public key addresses.
#[async_trait]
pub trait AddressRegistrar: Send + Sync {
    /// Registers the public key address `key`, as the user typed it.
    async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError>;
}

#[async_trait]
impl AddressRegistrar for Registrar {
    async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError> {
        Self::register(self, user, key).await
    }
}

/// Knows what the network and the pool's tickets do.
#[async_trait]
pub trait StatsSource: Send + Sync {
    /// The figures of the statistics page.
    async fn stake_info(&self) -> Result<StakeInfo, GroupError>;

    /// The version of the votes that the pool casts; `None` while no wallet has said.
    fn vote_version(&self) -> Option<VoteVersion>;

    /// The agendas of that version. EXCC has none today.
    fn agendas(&self) -> Vec<Agenda> {
        Vec::new()
    }
}

#[async_trait]
impl StatsSource for WalletGroup {
    async fn stake_info(&self) -> Result<StakeInfo, GroupError> {
        Self::stake_info(self).await
    }

    fn vote_version(&self) -> Option<VoteVersion> {
        let members = self.status();
        let healthy = members.iter().filter(|member| member.health == Health::Healthy);
        healthy.chain(&members).find_map(|member| member.info.as_ref().map(|info| info.vote_version))
    }
}

/// Everything that the web application works with.
#[derive(Clone)]
pub struct Services {
    /// The users.
    pub users: Arc<dyn UserStore>,
    /// The signed-in browsers.
    pub sessions: Arc<dyn SessionStore>,
    /// Low-fee tickets that an administrator added.
    pub low_fee: Arc<dyn LowFeeStore>,
    /// Tickets and votes.
    pub ledger: Arc<dyn LedgerStore>,
    /// Registers addresses.
    pub registrar: Arc<dyn AddressRegistrar>,
    /// Statistics.
    pub stats: Arc<dyn StatsSource>,
    /// The voting daemons.
    pub daemons: Vec<Arc<dyn VotingDaemon>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for secrets.
    pub random: Arc<dyn SecureRandom>,
}

impl Services {
    /// Services on one database, with the machine's clock and randomness.
    pub fn on_database<D>(database: Arc<D>, registrar: Arc<dyn AddressRegistrar>, stats: Arc<dyn StatsSource>) -> Self
    where
        D: UserStore + SessionStore + LowFeeStore + LedgerStore + 'static,
    {
        Self {
            users: database.clone(),
            sessions: database.clone(),
            low_fee: database.clone(),
            ledger: database,
            registrar,
            stats,
            daemons: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let daemons: Vec<_> = self.daemons.iter().map(|daemon| daemon.name()).collect();
        f.debug_struct("Services").field("daemons", &daemons).finish_non_exhaustive()
    }
}
