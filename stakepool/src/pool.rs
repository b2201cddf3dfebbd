//! The pool: what all its use cases share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stakepool_core::accounts::{ApiKeys, ApiKeysError, PasswordError, PasswordHasher, SecureRandom, UserId};
use stakepool_core::chain::HdKeyError;
#[cfg(feature = "vsp")]
use stakepool_core::chain::TicketHash;
use stakepool_core::chain::{BlockHeight, Generation};
use stakepool_core::flights::Flights;
use stakepool_core::ports::StoreError;
use stakepool_core::reloadable::Reloadable;
use stakepool_core::secret::Secret;
use stakepool_core::single_flight::SingleFlight;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::RegisteredCounts;
use tokio::sync::OnceCell;

use crate::agendas::Agendas;
use crate::alert_record::AlertRecord;
use crate::daemons::{DesiredChanged, Expected, Reconciler};
use crate::factor_key::FactorKey;
use crate::figures::{Figures, PoolFigures};
use crate::limits::key_networks::KeyNetworks;
use crate::limits::known_browsers::KnownBrowsers;
use crate::limits::password_queue::PasswordQueue;
use crate::limits::tries::Limiter;
#[cfg(feature = "vsp")]
use crate::limits::wallets_of_today::WalletCalls;
#[cfg(feature = "vsp")]
use crate::limits::{ClientAddress, MustWait};
use crate::mail::{MailTroubles, Outbox};
use crate::notice_notes::Notice;
use crate::onsets::Onsets;
use crate::outlook::OutlookBoard;
use crate::parts::Parts;
use crate::sealed::SealError;
use crate::signed::Signer;
use crate::terms::{PoolSettings, PoolTerms, SiteIdentity};
use crate::tickets::Tally;
use crate::tickets::holdings::{Holdings, HoldingsOf};
use crate::tickets::money::{Money, MoneyCache};
use crate::user_cache::UserCache;
#[cfg(feature = "vsp")]
use crate::vsp::Vsp;

/// How old shared figures may be.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Of how many users the holdings are kept for that long.
const MOST_HOLDINGS: usize = 2_000;

/// Why a pool cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The secret for API keys.
    #[error(transparent)]
    ApiKeys(#[from] ApiKeysError),
    /// The costs of passwords.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The secret for cookies.
    #[error("cookiesecret is empty: set it to a long random text, and to the same one in every instance of the web")]
    EmptyNoteSecret,
    /// The key for the secrets of second factors.
    #[error("no key for the secrets of second factors follows from apisecret: {0}")]
    FactorKey(SealError),
    /// An extended public key.
    #[error(transparent)]
    Key(#[from] HdKeyError),
    /// No store was given to the builder.
    #[error("a pool needs a store: give one to the builder")]
    NoStore,
}

/// Why a new pool must not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// A secret can be guessed. Changing it later ends all API keys, so that now is the time.
    #[error("{0} has fewer than {least} characters, and this pool is new: `openssl rand -hex 32` makes a good one", least = Secret::SIGNING_CHARACTERS)]
    Short(&'static str),
    /// The users cannot be counted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A stake pool. Its methods are the use cases: each takes what somebody wants as typed input, and returns a typed outcome
/// for the front end to render. The [crate's documentation](crate) shows how one is made and lists its use cases.
///
/// A pool is shared behind an `Arc`; all its methods take it by reference.
///
/// ```
/// use std::sync::Arc;
/// use stakepool::Pool;
///
/// /// What the front page shows.
/// async fn front_page(pool: Arc<Pool>) -> String {
///     let name = &pool.site().name;
///     match pool.figures().await {
///         Ok(figures) => format!("{name}: {} users, {} percent fee", figures.users, pool.terms().in_force().fee),
///         Err(error) => format!("{name}: no figures at this moment, because {error}"),
///     }
/// }
/// ```
pub struct Pool {
    pub(crate) terms: PoolTerms,
    pub(crate) settings: PoolSettings,
    pub(crate) parts: Parts,
    pub(crate) api_keys: ApiKeys,
    pub(crate) passwords: PasswordQueue,
    pub(crate) limiter: Limiter,
    pub(crate) outbox: Outbox,
    pub(crate) factor_key: FactorKey,
    pub(crate) first_steps: Signer,
    pub(crate) known_browsers: KnownBrowsers,
    pub(crate) key_networks: KeyNetworks,
    pub(crate) reconciler: Reconciler,
    pub(crate) agendas: Agendas,
    pub(crate) users: UserCache,
    pub(crate) figures: SingleFlight<Figures>,
    pub(crate) tally: SingleFlight<Result<Tally, StoreError>>,
    money: MoneyCache,
    pub(crate) holdings: Flights<HoldingsOf, Result<Arc<Holdings>, StoreError>>,
    pub(crate) alert_record: AlertRecord,
    /// Since when each trouble lasts.
    pub(crate) onsets: Onsets,
    /// How the pool was when it was judged last.
    pub(crate) outlook: OutlookBoard,
    /// The notices to the users, as they were read last.
    pub(crate) notices: Reloadable<Vec<Notice>>,
    /// This instance, by a name that no other has.
    pub(crate) instance: String,
    #[cfg(feature = "vsp")]
    wallet_calls: WalletCalls,
    /// How many users were given a fee address that is not accepted any more.
    pub(crate) stale_fee_addresses: OnceCell<usize>,
    /// Whether the last registration was refused because no more key indexes may be withheld by guess.
    pub(crate) guesses_are_used_up: AtomicBool,
}

impl Pool {
    /// Sets a pool up. Nothing runs yet: see [`Pool::run`].
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(terms: PoolTerms, settings: PoolSettings, parts: Parts) -> Result<Self, SetupError> {
        if settings.note_secret.is_empty() {
            return Err(SetupError::EmptyNoteSecret);
        }
        let expected = Expected::of(terms.clone());
        Ok(Self {
            api_keys: ApiKeys::new(settings.api_secret.expose(), &settings.site.base_url)?
                .with_secret_before(settings.old_api_secret.as_ref().map(Secret::expose)),
            passwords: PasswordQueue::new(PasswordHasher::new(settings.password_costs, parts.random.clone())?),
            limiter: Limiter::new(settings.tries, settings.signer("tries")),
            outbox: Outbox::new(
                parts.mailer.clone(),
                parts.clock.clone(),
                parts.mail_failures.clone(),
                parts.upkeep.clone(),
            ),
            factor_key: FactorKey::new(&settings.api_secret, settings.old_api_secret.as_ref())
                .map_err(SetupError::FactorKey)?,
            first_steps: settings.signer("first step"),
            known_browsers: KnownBrowsers::new(settings.signer(KnownBrowsers::PURPOSE)),
            key_networks: KeyNetworks::default(),
            reconciler: Reconciler::new(parts.clone(), signal_of(&parts), expected),
            agendas: Agendas::new(parts.agendas.clone()),
            users: UserCache::default(),
            figures: SingleFlight::new(MAX_AGE),
            tally: SingleFlight::new(MAX_AGE),
            money: MoneyCache::default(),
            holdings: Flights::new(MAX_AGE, MOST_HOLDINGS),
            alert_record: AlertRecord::default(),
            onsets: Onsets::default(),
            outlook: OutlookBoard::default(),
            notices: Reloadable::default(),
            instance: instance(&settings.instance, parts.random.as_ref()),
            #[cfg(feature = "vsp")]
            wallet_calls: WalletCalls::default(),
            stale_fee_addresses: OnceCell::new(),
            guesses_are_used_up: AtomicBool::new(false),
            terms,
            settings,
            parts,
        })
    }

    /// Refuses a pool without users whose secrets are short. One that has users goes on with what it has: another secret
    /// would end all API keys.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub async fn check_secrets(&self) -> Result<(), SecretsError> {
        let secrets = [("apisecret", &self.settings.api_secret), ("cookiesecret", &self.settings.note_secret)];
        let is_short = |secret: &Secret| secret.expose().len() < Secret::SIGNING_CHARACTERS;
        match secrets.into_iter().find(|(_, secret)| is_short(secret)) {
            Some((name, _)) if self.parts.users.counts().await?.0 == 0 => Err(SecretsError::Short(name)),
            _ => Ok(()),
        }
    }

    /// What the pool's wallets, users and tickets are held to.
    pub const fn terms(&self) -> &PoolTerms {
        &self.terms
    }

    /// How the pool treats its accounts and its operator.
    pub const fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// What the pool is called.
    pub const fn site(&self) -> &SiteIdentity {
        &self.settings.site
    }

    /// The stores, wallets and daemons, for lists that are only read.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// How the voting daemons are kept at the desired state.
    pub const fn daemons(&self) -> &Reconciler {
        &self.reconciler
    }

    /// The service for wallets of today, where they are served.
    #[cfg(feature = "vsp")]
    pub fn vsp(&self) -> Option<&Arc<Vsp>> {
        self.parts.vsp.as_ref()
    }

    /// Counts a call of the API v3, unless its client has had as many as it may, altogether or for this ticket. `ticket` is
    /// the one that the call names, where it asks the node or writes; whether it is signed does not count.
    ///
    /// # Errors
    /// [`MustWait`].
    #[cfg(feature = "vsp")]
    pub fn admit_wallet_of_today(&self, client: ClientAddress, ticket: Option<TicketHash>) -> Result<(), MustWait> {
        self.wallet_calls.count(client, ticket)
    }

    /// Counts a call of the API v3 that asks the node or writes and whose signature was found right, unless the ticket has
    /// had as many as it may.
    ///
    /// # Errors
    /// [`MustWait`].
    #[cfg(feature = "vsp")]
    pub fn admit_signed_for(&self, ticket: TicketHash) -> Result<(), MustWait> {
        self.wallet_calls.count_signed(ticket)
    }

    /// Whether the pool sends mail.
    pub fn sends_mail(&self) -> bool {
        self.outbox.is_on()
    }

    /// What mail could not be sent, by any instance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_troubles(&self) -> Result<MailTroubles, StoreError> {
        self.outbox.troubles().await
    }

    /// Now.
    pub fn now(&self) -> UnixTime {
        self.parts.clock.now()
    }

    /// The pool's figures, at most a second old. As long as they are the same, the `Arc` is the same.
    ///
    /// # Errors
    /// [`FiguresError`](crate::FiguresError).
    pub async fn figures(&self) -> Figures {
        let read = async {
            let (stake, counts, registered) =
                tokio::join!(self.parts.stats.stake_info(), self.parts.users.counts(), self.registered_tickets());
            let (users, active_users) = counts?;
            Ok(Arc::new(PoolFigures { stake: stake?, users, active_users, registered: registered? }))
        };
        self.figures.get(read).await
    }

    /// How many tickets wallets of today have registered, where these are served.
    async fn registered_tickets(&self) -> Result<Option<RegisteredCounts>, StoreError> {
        #[cfg(feature = "vsp")]
        if self.parts.vsp.is_some() {
            return self.parts.vsp_tickets.registered_counts().await.map(Some);
        }
        Ok(None)
    }

    /// What a user has at the pool when the best block is `tip`, at most a second old. What this process stores in the ledger
    /// is seen at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holdings(&self, user: UserId, tip: Option<BlockHeight>) -> Result<Arc<Holdings>, StoreError> {
        let ledger = self.parts.ledger.as_ref();
        let of = HoldingsOf { user, tip, changes: ledger.changes().await? };
        let params = self.terms.network.params(Generation::Today);
        let read = async {
            let money = match tip {
                Some(tip) => Some(self.money(user, tip).await?),
                None => None,
            };
            Holdings::read(ledger, user, &params, money).await.map(Arc::new)
        };
        self.holdings.get(of, read).await
    }

    /// What the tickets of a user cost and earned, while the best height is `tip`. However many there are, they are added up only
    /// where one of them has changed, or the height.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn money(&self, user: UserId, tip: BlockHeight) -> Result<Arc<Money>, StoreError> {
        self.money.of(&self.parts, &self.terms.network.params(Generation::Today), user, tip).await
    }

    /// The pool's tickets as its ledger counts them, at most a second old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        self.tally.get(async { Ok(Tally::of(&self.parts.ledger.ticket_counts(None).await?)) }).await
    }
}

/// What wakes the reconciler: the service for wallets of today does, too.
fn signal_of(parts: &Parts) -> DesiredChanged {
    #[cfg(feature = "vsp")]
    if let Some(vsp) = &parts.vsp {
        vsp.choose_from(parts.agendas.clone());
        return vsp.signal();
    }
    let _ = parts;
    DesiredChanged::default()
}

/// A name for an instance that no other has.
fn instance(name: &str, random: &dyn SecureRandom) -> String {
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    let name = if name.is_empty() { "instance" } else { name };
    format!("{name} #{}", hex::encode(bytes))
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("terms", &self.terms).field("parts", &self.parts).finish_non_exhaustive()
    }
}
