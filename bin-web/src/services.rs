//! What the web application works with: stores, wallets, daemons, time and randomness, each behind a trait.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use stakepool::registration::{Registrar, RegistrationError};
use stakepool_core::accounts::{Registration, SecureRandom, SystemRandom, UserId};
use stakepool_core::chain::VoteVersion;
use stakepool_core::ports::AlertSink;
use stakepool_core::ports::{
    AccessStore, AuditStore, Mailer, NoMailer, SecondFactorStore, TicketMailStore, TokenStore,
};
use stakepool_core::ports::{
    AdminStore, Clock, LedgerStore, LowFeeStore, SessionStore, StakeInfo, SystemClock, UserStore, VotingDaemon,
};
use stakepool_core::ports::{AgendaSource, HistoryStore, LeaseStore};
use stakepool_core::wallets::{GroupError, Health, MemberStatus, WalletGroup};

use crate::assemble::VotingWallets;
use crate::captcha::recaptcha::{CaptchaJudge, Google};
use crate::metrics::{CallSource, Metrics};
use crate::ticket_lists::TicketSource;

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

    /// How each voting wallet is.
    fn wallets(&self) -> Vec<MemberStatus> {
        Vec::new()
    }

    /// How many voting wallets must be in service.
    fn quorum(&self) -> usize {
        0
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

    fn wallets(&self) -> Vec<MemberStatus> {
        self.status()
    }

    fn quorum(&self) -> usize {
        Self::quorum(self)
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
    /// Secrets in mails.
    pub tokens: Arc<dyn TokenStore>,
    /// Open ways into accounts.
    pub access: Arc<dyn AccessStore>,
    /// Second factors.
    pub second_factors: Arc<dyn SecondFactorStore>,
    /// What users are mailed about their tickets.
    pub ticket_mails: Arc<dyn TicketMailStore>,
    /// Acts that matter to the safety of the pool and its accounts.
    pub audit: Arc<dyn AuditStore>,
    /// Work that only one of several instances does.
    pub leases: Arc<dyn LeaseStore>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Judges answers to reCAPTCHA.
    pub judge: Arc<dyn CaptchaJudge>,
    /// Lists for administrators.
    pub admin: Arc<dyn AdminStore>,
    /// Registers addresses.
    pub registrar: Arc<dyn AddressRegistrar>,
    /// Statistics.
    pub stats: Arc<dyn StatsSource>,
    /// The voting wallets, where the application is to keep them in service while it runs.
    pub wallets: Option<VotingWallets>,
    /// The past of the network and of the pool's tickets.
    pub history: Arc<dyn HistoryStore>,
    /// Who knows what can be voted on; the first that answers counts.
    pub agendas: Vec<Arc<dyn AgendaSource>>,
    /// Ways to tell the operator of troubles, beside mail to the administrators.
    pub alerts: Vec<Arc<dyn AlertSink>>,
    /// The calls to voting wallets and daemons, where they are counted.
    pub calls: Option<Arc<dyn CallSource>>,
    /// Counts what the application does.
    pub metrics: Arc<Metrics>,
    /// Tells about tickets where a daemon reports nothing.
    pub tickets: Option<Arc<dyn TicketSource>>,
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
        D: HistoryStore
            + UserStore
            + SessionStore
            + LowFeeStore
            + LedgerStore
            + AdminStore
            + TokenStore
            + AuditStore
            + AccessStore
            + SecondFactorStore
            + TicketMailStore
            + LeaseStore
            + 'static,
    {
        Self {
            users: database.clone(),
            sessions: database.clone(),
            low_fee: database.clone(),
            tokens: database.clone(),
            history: database.clone(),
            agendas: Vec::new(),
            access: database.clone(),
            second_factors: database.clone(),
            ticket_mails: database.clone(),
            leases: database.clone(),
            mailer: Arc::new(NoMailer),
            judge: Arc::new(Google::default()),
            ledger: database.clone(),
            audit: database.clone(),
            admin: database,
            registrar,
            stats,
            wallets: None,
            alerts: Vec::new(),
            calls: None,
            metrics: Arc::default(),
            tickets: None,
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
