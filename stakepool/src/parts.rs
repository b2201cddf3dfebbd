//! What a pool works with: stores, wallets, daemons, time and randomness, each behind a trait.

use std::fmt;
use std::sync::Arc;

use stakepool_core::accounts::{SecureRandom, SystemRandom};
use stakepool_core::chain::{ExtendedPubKey, HdKeyError};
use stakepool_core::ports::{
    AccessStore, AdminStore, AgendaSource, AlertSink, AuditStore, ClaimStore, Clock, FeeKeyStore, Heartbeat,
    HistoryStore, InvitationStore, LeaseStore, LedgerStore, LowFeeStore, MailFailureStore, Mailer, MoneyStore,
    NoMailer, PoolWallet, SecondFactorStore, SessionStore, SystemClock, TicketMailStore, TokenStore, TransactionSource,
    TryStore, UnverifiedStore, UpkeepStore, UserStore, VotingDaemon, VspTicketStore,
};
use stakepool_core::reports::{TicketReport, VoteRecord};

use crate::database::DatabaseHealth;
use crate::registration::{AddressRegistrar, Registrar};
use crate::stores::Stores;
use crate::terms::PoolTerms;
use crate::ticket_source::{PoolRule, TicketSource, WalletTicketSource};
#[cfg(feature = "vsp")]
use crate::vsp::Vsp;
use crate::wallets::{VotingWallet, VotingWallets, WalletView};

/// Sees what daemons report, as for metrics.
pub trait VoteObserver: Send + Sync {
    /// New records of one daemon. Those that a daemon repeats after a loss of its state do not come here.
    fn votes(&self, records: &[VoteRecord]);

    /// What one daemon has newly said of tickets. Several daemons may say the same.
    fn tickets(&self, _reports: &[TicketReport]) {}
}

/// Everything that a pool works with. [`Pool::builder`](crate::Pool::builder) fills it; who needs a registrar, a view of the
/// wallets or a source of tickets of one's own puts it together here.
///
/// ```
/// use std::sync::Arc;
/// use stakepool::registration::AddressRegistrar;
/// use stakepool::wallets::WalletView;
/// use stakepool::{Parts, Pool, PoolSettings, PoolStore, PoolTerms, SetupError};
/// use stakepool_core::ports::VotingDaemon;
///
/// fn pool(
///     terms: PoolTerms,
///     settings: PoolSettings,
///     store: Arc<dyn PoolStore>,
///     registrar: Arc<dyn AddressRegistrar>,
///     wallets: Arc<dyn WalletView>,
///     daemon: Arc<dyn VotingDaemon>,
/// ) -> Result<Pool, SetupError> {
///     let parts = Parts { daemons: vec![daemon], ..Parts::on_store(store, registrar, wallets) };
///     Pool::new(terms, settings, parts)
/// }
/// ```
#[derive(Clone)]
pub struct Parts {
    /// The users.
    pub users: Arc<dyn UserStore>,
    /// The signed-in browsers.
    pub sessions: Arc<dyn SessionStore>,
    /// Low-fee tickets that an administrator added.
    pub low_fee: Arc<dyn LowFeeStore>,
    /// Tickets and votes.
    pub ledger: Arc<dyn LedgerStore>,
    /// What tickets cost and paid.
    pub money: Arc<dyn MoneyStore>,
    /// Secrets in mails.
    pub tokens: Arc<dyn TokenStore>,
    /// Sessions and links that open accounts.
    pub access: Arc<dyn AccessStore>,
    /// Second factors.
    pub second_factors: Arc<dyn SecondFactorStore>,
    /// What users are mailed about their tickets.
    pub ticket_mails: Arc<dyn TicketMailStore>,
    /// Acts that matter to the safety of the pool and its accounts.
    pub audit: Arc<dyn AuditStore>,
    /// Work that only one of several instances does.
    pub leases: Arc<dyn LeaseStore>,
    /// Lists for administrators.
    pub admin: Arc<dyn AdminStore>,
    /// The past of the network and of the pool's tickets.
    pub history: Arc<dyn HistoryStore>,
    /// Codes with which accounts may be made.
    pub invitations: Arc<dyn InvitationStore>,
    /// Whom mail did not reach.
    pub mail_failures: Arc<dyn MailFailureStore>,
    /// Tries that all instances count together.
    pub tries: Arc<dyn TryStore>,
    /// Accounts that nobody has shown to be theirs.
    pub unverified: Arc<dyn UnverifiedStore>,
    /// Tickets that were registered without an account.
    pub vsp_tickets: Arc<dyn VspTicketStore>,
    /// Claims of users on such tickets.
    pub claims: Arc<dyn ClaimStore>,
    /// The keys whose addresses take the fees of such tickets.
    pub fee_keys: Arc<dyn FeeKeyStore>,
    /// Small notes that instances keep for each other.
    pub upkeep: Arc<dyn UpkeepStore>,
    /// Whether the stores work, as far as their calls tell.
    pub database: Arc<DatabaseHealth>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Registers addresses.
    pub registrar: Arc<dyn AddressRegistrar>,
    /// What the wallets say.
    pub stats: Arc<dyn WalletView>,
    /// The voting wallets, where the pool is to keep them in service while it runs.
    pub wallets: Option<VotingWallets>,
    /// What can be voted on; the first source that answers counts.
    pub agendas: Vec<Arc<dyn AgendaSource>>,
    /// Channels of alerts to the operator, beside mail to the administrators.
    pub alerts: Vec<Arc<dyn AlertSink>>,
    /// The sign of life for a watcher elsewhere, where there is one.
    pub heartbeat: Option<Arc<dyn Heartbeat>>,
    /// Sees the votes that daemons report.
    pub vote_observers: Vec<Arc<dyn VoteObserver>>,
    /// Tickets where a daemon reports nothing.
    pub tickets: Option<Arc<dyn TicketSource>>,
    /// The service for wallets of today, where they are served.
    #[cfg(feature = "vsp")]
    pub vsp: Option<Arc<Vsp>>,
    /// The voting daemons.
    pub daemons: Vec<Arc<dyn VotingDaemon>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for secrets.
    pub random: Arc<dyn SecureRandom>,
}

impl Parts {
    /// Parts on a store, or on [`Stores`], with the machine's clock and randomness, without wallets to keep, daemons and
    /// mail.
    pub fn on_store(
        stores: impl Into<Stores>,
        registrar: Arc<dyn AddressRegistrar>,
        stats: Arc<dyn WalletView>,
    ) -> Self {
        Self::on_watched(stores.into().watched(), registrar, stats)
    }

    fn on_watched(
        (stores, database): (Stores, Arc<DatabaseHealth>),
        registrar: Arc<dyn AddressRegistrar>,
        stats: Arc<dyn WalletView>,
    ) -> Self {
        Self {
            users: stores.users,
            sessions: stores.sessions,
            low_fee: stores.low_fee,
            ledger: stores.ledger,
            money: stores.money,
            tokens: stores.tokens,
            access: stores.access,
            second_factors: stores.second_factors,
            ticket_mails: stores.ticket_mails,
            audit: stores.audit,
            leases: stores.leases,
            history: stores.history,
            admin: stores.admin,
            invitations: stores.invitations,
            mail_failures: stores.mail_failures,
            tries: stores.tries,
            unverified: stores.unverified,
            vsp_tickets: stores.vsp_tickets,
            claims: stores.claims,
            fee_keys: stores.fee_keys,
            upkeep: stores.upkeep,
            database,
            mailer: Arc::new(NoMailer),
            registrar,
            stats,
            wallets: None,
            agendas: Vec::new(),
            alerts: Vec::new(),
            heartbeat: None,
            vote_observers: Vec::new(),
            tickets: None,
            #[cfg(feature = "vsp")]
            vsp: None,
            daemons: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// The parts of a pool with these wallets and daemons on a store, or on [`Stores`], so that none is forgotten. What is
    /// left to the caller is by whom mail is sent, and the channels of alerts. [`Pool::builder`](crate::Pool::builder) is
    /// the shorter way.
    ///
    /// # Errors
    /// [`HdKeyError`] where the terms hold a key that cannot be an account's.
    pub fn assemble(
        terms: &PoolTerms,
        stores: impl Into<Stores>,
        wallets: Vec<Arc<dyn VotingWallet>>,
        daemons: Vec<Arc<dyn VotingDaemon>>,
    ) -> Result<Self, HdKeyError> {
        let (stores, database) = stores.into().watched();
        let keys = terms.keys()?;
        let old_cold = terms.old_cold_wallets.iter().map(ExtendedPubKey::external_branch).collect::<Result<_, _>>()?;
        let rule = PoolRule {
            network: terms.network,
            fee: terms.fee,
            cold: keys.cold,
            old_cold,
            max_users: terms.max_users,
            over_time: terms.over_time.clone(),
        };
        let members = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn PoolWallet>).collect();
        let kept = VotingWallets::on_stores(terms, members, &stores);
        let group = kept.group.clone();
        let registrar = Arc::new(Registrar::new(keys, stores.users.clone(), group.clone()));
        let transactions = wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn TransactionSource>).collect();
        Ok(Self {
            tickets: Some(Arc::new(WalletTicketSource::new(group.clone(), transactions, rule))),
            agendas: wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn AgendaSource>).collect(),
            wallets: Some(kept),
            daemons,
            ..Self::on_watched((stores, database), registrar, group)
        })
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let daemons: Vec<_> = self.daemons.iter().map(|daemon| daemon.name()).collect();
        f.debug_struct("Parts").field("daemons", &daemons).finish_non_exhaustive()
    }
}
