//! Puts a pool together.

use std::sync::Arc;

use stakepool_core::accounts::{SecureRandom, SystemRandom};
use stakepool_core::ports::{AlertSink, Clock, Heartbeat, Mailer, NoMailer, SystemClock, VotingDaemon};

use crate::parts::{Parts, VoteObserver};
use crate::pool::{Pool, SetupError};
use crate::stores::Stores;
use crate::terms::{PoolSettings, PoolTerms};
#[cfg(feature = "vsp")]
use crate::vsp::Vsp;
use crate::wallets::VotingWallet;

/// Puts a pool together, part by part. Only a store is required; what a pool without wallets or daemons cannot do, it says
/// in its status.
///
/// ```
/// use std::sync::Arc;
/// use stakepool::{Pool, PoolSettings, PoolStore, PoolTerms, SetupError, SiteIdentity};
/// use stakepool::wallets::VotingWallet;
/// use stakepool_core::chain::Network;
/// use stakepool_core::ports::{Mailer, VotingDaemon};
/// use stakepool_core::secret::Secret;
/// use stakepool_core::ticket::PoolFee;
///
/// fn pool(
///     store: Arc<dyn PoolStore>,
///     wallets: [Arc<dyn VotingWallet>; 3],
///     daemon: Arc<dyn VotingDaemon>,
///     mailer: Arc<dyn Mailer>,
/// ) -> Result<Pool, Box<dyn std::error::Error>> {
///     let key = |variable| std::env::var(variable).unwrap_or_default();
///     let fee = PoolFee::from_percent(2.5)?;
///     let terms = PoolTerms::new(Network::Mainnet, key("VOTING_KEY").parse()?, key("COLD_KEY").parse()?, fee);
///     let secrets = (Secret::new(key("API_SECRET")), Secret::new(key("NOTE_SECRET")));
///     let settings = PoolSettings::new(SiteIdentity::new("https://pool.example.org"), secrets.0, secrets.1);
///     Ok(Pool::builder(terms, settings).store(store).wallets(wallets).daemon(daemon).mailer(mailer).build()?)
/// }
/// ```
#[must_use]
pub struct PoolBuilder {
    terms: PoolTerms,
    settings: PoolSettings,
    stores: Option<Stores>,
    wallets: Vec<Arc<dyn VotingWallet>>,
    daemons: Vec<Arc<dyn VotingDaemon>>,
    mailer: Arc<dyn Mailer>,
    alerts: Vec<Arc<dyn AlertSink>>,
    heartbeat: Option<Arc<dyn Heartbeat>>,
    vote_observers: Vec<Arc<dyn VoteObserver>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom>,
    #[cfg(feature = "vsp")]
    vsp: Option<Arc<Vsp>>,
}

impl Pool {
    /// Begins to put a pool together.
    pub fn builder(terms: PoolTerms, settings: PoolSettings) -> PoolBuilder {
        PoolBuilder {
            terms,
            settings,
            stores: None,
            wallets: Vec::new(),
            daemons: Vec::new(),
            mailer: Arc::new(NoMailer),
            alerts: Vec::new(),
            heartbeat: None,
            vote_observers: Vec::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            #[cfg(feature = "vsp")]
            vsp: None,
        }
    }
}

impl PoolBuilder {
    /// Where everything is kept: one store that has all the traits of a [`PoolStore`](crate::PoolStore), or [`Stores`] of
    /// which some lie elsewhere.
    pub fn store(mut self, stores: impl Into<Stores>) -> Self {
        self.stores = Some(stores.into());
        self
    }

    /// One more voting wallet, which the pool keeps in service while it runs.
    pub fn wallet(mut self, wallet: Arc<dyn VotingWallet>) -> Self {
        self.wallets.push(wallet);
        self
    }

    /// Some more voting wallets.
    pub fn wallets(mut self, wallets: impl IntoIterator<Item = Arc<dyn VotingWallet>>) -> Self {
        self.wallets.extend(wallets);
        self
    }

    /// One more voting daemon, which the pool keeps at the desired state while it runs.
    pub fn daemon(mut self, daemon: Arc<dyn VotingDaemon>) -> Self {
        self.daemons.push(daemon);
        self
    }

    /// Some more voting daemons.
    pub fn daemons(mut self, daemons: impl IntoIterator<Item = Arc<dyn VotingDaemon>>) -> Self {
        self.daemons.extend(daemons);
        self
    }

    /// By whom mail is sent. Without one accounts need no verification, and a lost password is the operator's to replace.
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = mailer;
        self
    }

    /// One more channel of alerts to the operator, beside mail to the administrators.
    pub fn alerts(mut self, channel: Arc<dyn AlertSink>) -> Self {
        self.alerts.push(channel);
        self
    }

    /// A sign of life for a watcher elsewhere, which alerts the operator where it stops.
    pub fn heartbeat(mut self, heartbeat: Arc<dyn Heartbeat>) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// One more observer of the votes that daemons report.
    pub fn vote_observer(mut self, observer: Arc<dyn VoteObserver>) -> Self {
        self.vote_observers.push(observer);
        self
    }

    /// The service for wallets of today, on the same stores.
    #[cfg(feature = "vsp")]
    pub fn vsp(mut self, vsp: Option<Arc<Vsp>>) -> Self {
        self.vsp = vsp;
        self
    }

    /// Another clock than the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of secrets than the operating system.
    pub fn random(mut self, random: Arc<dyn SecureRandom>) -> Self {
        self.random = random;
        self
    }

    /// The pool. Nothing runs yet: see [`Pool::run`].
    ///
    /// # Errors
    /// [`SetupError`] where there is no store, or a setting cannot be.
    pub fn build(self) -> Result<Pool, SetupError> {
        let stores = self.stores.ok_or(SetupError::NoStore)?;
        let parts = Parts {
            mailer: self.mailer,
            alerts: self.alerts,
            heartbeat: self.heartbeat,
            vote_observers: self.vote_observers,
            clock: self.clock,
            random: self.random,
            #[cfg(feature = "vsp")]
            vsp: self.vsp,
            ..Parts::assemble(&self.terms, stores, self.wallets, self.daemons)?
        };
        Pool::new(self.terms, self.settings, parts)
    }
}

impl std::fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolBuilder").field("terms", &self.terms).finish_non_exhaustive()
    }
}
