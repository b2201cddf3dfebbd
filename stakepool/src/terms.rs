//! What a pool is held to, and what it is called: the only place of these settings.

use std::time::Duration;

use stakepool_core::accounts::{PasswordCosts, Registration, User, UserId};
use stakepool_core::chain::{Address, BlockHeight, ExtendedPubKey, HdKeyError, Network};
use stakepool_core::reloadable::Reloadable;
use stakepool_core::secret::Secret;
use stakepool_core::ticket::{PoolFee, Terms};
use stakepool_core::time::UnixTime;

use crate::closed::Closed;
use crate::limits::tries::TryLimits;
use crate::over_time::OverTime;
use crate::registration::PoolKeys;
use crate::signed::Signer;

/// The highest key index where nothing else is said, as in the predecessor.
const MAX_USERS: u32 = 9999;
/// How many wallets must agree on a registration where nothing else is said.
const MIN_SERVERS: usize = 2;
/// How often the heartbeat beats where nothing else is said.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5 * 60);

/// After how long an administrator's session ends without a use where nothing else is said.
const ADMIN_IDLE: Duration = Duration::from_secs(1800);
/// After how long an account that was never verified is removed where nothing else is said.
const UNVERIFIED_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a pool's wallets, users and tickets are held to.
///
/// ```
/// use stakepool::PoolTerms;
/// use stakepool_core::chain::{ExtendedPubKey, Network};
/// use stakepool_core::ticket::PoolFee;
///
/// # let key = stakepool_core::testkit::tickets::COLD;
/// # let (voting, cold): (ExtendedPubKey, ExtendedPubKey) = (key.parse()?, key.parse()?);
/// // `voting` and `cold` are the account keys that the wallets print with `getmasterpubkey`.
/// let terms = PoolTerms::new(Network::Simnet, voting, cold, PoolFee::from_percent(2.5)?)
///     .max_users(500)
///     .min_servers(3)
///     .closed(Some("The pool is full.".to_owned()));
/// assert_eq!(terms.closed.get().as_deref(), Some("The pool is full."));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolTerms {
    /// The network.
    pub network: Network,
    /// The account key that all voting wallets have.
    pub voting_wallet: ExtendedPubKey,
    /// The account key of the cold wallet, to which fees go, as it is configured: see [`PoolTerms::in_force`].
    pub cold_wallet: ExtendedPubKey,
    /// The account keys of cold wallets before: fees that go to their addresses count, too.
    pub old_cold_wallets: Vec<ExtendedPubKey>,
    /// The fee that tickets must pay, in percent, as it is configured: see [`PoolTerms::in_force`].
    pub fee: PoolFee,
    /// How fee and cold wallet change over time. Clones share it; a pool that runs keeps it up to date.
    pub over_time: Reloadable<OverTime>,
    /// The highest key index that is given to a user.
    pub max_users: u32,
    /// How many voting wallets must agree when a user registers.
    pub min_servers: usize,
    /// What users read where the pool takes no new users and addresses; `None` while it is open. Clones share it.
    pub closed: Closed,
    /// Whether the operator said that this is a new pool, although its wallets hold scripts of earlier users: these stay behind.
    pub new_pool: bool,
}

impl PoolTerms {
    /// The terms of an open pool for 9,999 users, two of whose wallets must agree on a registration.
    pub fn new(network: Network, voting_wallet: ExtendedPubKey, cold_wallet: ExtendedPubKey, fee: PoolFee) -> Self {
        Self {
            network,
            voting_wallet,
            cold_wallet,
            old_cold_wallets: Vec::new(),
            fee,
            over_time: Reloadable::default(),
            max_users: MAX_USERS,
            min_servers: MIN_SERVERS,
            closed: Closed::default(),
            new_pool: false,
        }
    }

    /// With another highest key index.
    #[must_use]
    pub const fn max_users(mut self, max_users: u32) -> Self {
        self.max_users = max_users;
        self
    }

    /// With another number of wallets that must agree on a registration.
    #[must_use]
    pub const fn min_servers(mut self, min_servers: usize) -> Self {
        self.min_servers = min_servers;
        self
    }

    /// Closed for new users and addresses where there is a message for them.
    #[must_use]
    pub fn closed(mut self, message: Option<String>) -> Self {
        self.closed = message.into();
        self
    }

    /// With cold wallets before, whose fee addresses count, too: users' wallets may go on paying to the address that they were
    /// given. The daemons need the same.
    #[must_use]
    pub fn old_cold_wallets(mut self, keys: Vec<ExtendedPubKey>) -> Self {
        self.old_cold_wallets = keys;
        self
    }

    /// Fee and cold wallet for tickets of the next block: as the history says, and as configured while none is known.
    pub fn in_force(&self) -> Terms {
        let now = self.over_time.get();
        let next = now.tip.map(|tip| tip.plus(1));
        let known = next.and_then(|next| now.history.at(next)).copied();
        known.unwrap_or(Terms { from: BlockHeight(0), fee: self.fee, cold_wallet: self.cold_wallet })
    }

    /// What will be in force later, the next first.
    pub fn to_come(&self) -> Vec<Terms> {
        let now = self.over_time.get();
        now.tip.map(|tip| now.history.after(tip.plus(1)).copied().collect()).unwrap_or_default()
    }

    /// Whether a key, as text, is that of the cold wallet as it is configured or in force, or, where daemons are told of the
    /// `history`, as it was or will be.
    pub(crate) fn knows_cold_wallet(&self, key: &str, history: bool) -> bool {
        let now = self.over_time.get();
        let in_force = self.in_force();
        let others = now.history.iter().filter(|_| history);
        let mut keys =
            [self.cold_wallet, in_force.cold_wallet].into_iter().chain(others.map(|terms| terms.cold_wallet));
        keys.any(|known| known.to_string() == key)
    }

    /// Whether a fee is the one that is configured or in force, or, where daemons are told of the `history`, one that was or will
    /// be.
    pub(crate) fn knows_fee(&self, fee: PoolFee, history: bool) -> bool {
        let now = self.over_time.get();
        let others = now.history.iter().filter(|_| history).map(|terms| terms.fee);
        if history {
            [self.fee].into_iter().chain(others).any(|known| known == fee)
        } else {
            self.in_force().fee == fee
        }
    }

    /// Where a user's tickets pay their fee to from now on: the address of the cold wallet in force, whatever it was when the
    /// user registered.
    pub fn fee_address(&self, registration: &Registration) -> Address {
        let branch = self.in_force().cold_wallet.external_branch();
        let current = branch.and_then(|branch| branch.address(registration.key_index));
        current.map_or(registration.fee_address, |address| address.to_pubkey_hash())
    }

    /// Whether tickets that pay to an address for a user's key index are accepted.
    pub(crate) fn accepts_fee_address(&self, registration: &Registration) -> bool {
        let in_force = self.in_force().cold_wallet;
        let keys = [&self.cold_wallet, &in_force].into_iter().chain(&self.old_cold_wallets);
        let addresses = keys.filter_map(|key| key.external_branch().ok()?.address(registration.key_index).ok());
        addresses.map(|address| address.to_pubkey_hash()).any(|address| address == registration.fee_address)
    }

    /// A new pool, although its wallets hold scripts of users whom its database does not know. Without this a pool whose
    /// database has no user with an address does not run with such wallets.
    #[must_use]
    pub const fn new_pool(mut self, new_pool: bool) -> Self {
        self.new_pool = new_pool;
        self
    }

    /// The keys and limits that registration needs.
    ///
    /// # Errors
    /// [`HdKeyError`] where a key cannot be an account's.
    pub fn keys(&self) -> Result<PoolKeys, HdKeyError> {
        Ok(PoolKeys {
            network: self.network,
            voting: self.voting_wallet.external_branch()?,
            cold: self.cold_wallet.external_branch()?,
            max_users: self.max_users,
            closed: self.closed.clone(),
        })
    }
}

/// What the pool is called, and where its users find it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteIdentity {
    /// The pool's name in mails and titles.
    pub name: String,
    /// The address under which users see the pool, such as `https://pool.example.org`.
    pub base_url: String,
    /// Where users write to; empty where there is none.
    pub help_email: String,
    /// A page about the pool; empty where there is none.
    pub link: String,
    /// The paths of the pages that mails name.
    pub paths: SitePaths,
}

/// The paths of the pages that mails name, below the base URL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SitePaths {
    /// Takes the token that verifies an e-mail address, as `?t=`.
    pub verify_email: String,
    /// Takes the token that confirms a new e-mail address, as `?t=`.
    pub change_email: String,
    /// Takes the token for a new password, as `?t=`.
    pub reset_password: String,
    /// Asks for the mail with that token.
    pub ask_reset: String,
    /// A user's settings.
    pub settings: String,
    /// A user's tickets.
    pub tickets: String,
    /// One ticket, whose hash it takes as `?hash=`.
    pub ticket: String,
    /// Signs in.
    pub sign_in: String,
    /// The status, for administrators.
    pub status: String,
}

impl Default for SitePaths {
    fn default() -> Self {
        Self {
            verify_email: "/emailverify".to_owned(),
            change_email: "/emailupdate".to_owned(),
            reset_password: "/passwordupdate".to_owned(),
            ask_reset: "/passwordreset".to_owned(),
            settings: "/settings".to_owned(),
            tickets: "/tickets".to_owned(),
            ticket: "/ticket".to_owned(),
            sign_in: "/signin".to_owned(),
            status: "/status".to_owned(),
        }
    }
}

impl SiteIdentity {
    /// The pool's name where the operator gives none.
    pub const DEFAULT_NAME: &str = "EXCC stake pool";

    /// A pool without a special name, an address for questions or a page about it.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            name: Self::DEFAULT_NAME.to_owned(),
            base_url: base_url.into(),
            help_email: String::new(),
            link: String::new(),
            paths: SitePaths::default(),
        }
    }

    /// The whole address of one of the pool's pages.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }

    /// The host of the base URL, without its port.
    pub fn host(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => host.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether users reach the pool by HTTPS.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// How a pool treats its accounts and its operator. The fields are public: set those that are to be other than usual.
///
/// ```
/// use std::time::Duration;
/// use stakepool::{PoolSettings, SiteIdentity};
/// use stakepool_core::accounts::UserId;
/// use stakepool_core::secret::Secret;
///
/// let mut site = SiteIdentity::new("https://pool.example.org");
/// site.name = "Example pool".to_owned();
/// site.paths.settings = "/account".to_owned();
///
/// let (api, notes) = (Secret::new("32 random characters or more"), Secret::new("the same in every instance"));
/// let mut settings = PoolSettings::new(site, api, notes);
/// settings.administrators = vec![UserId(1)].into();
/// settings.admin_second_factor = true;
/// settings.tries.window = Duration::from_secs(3600);
/// assert_eq!(settings.site.url(&settings.site.paths.settings), "https://pool.example.org/account");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolSettings {
    /// What the pool is called.
    pub site: SiteIdentity,
    /// Signs API keys. At least 32 random characters.
    pub api_secret: Secret,
    /// The secret before: keys that it signed count as well, while users change to their new ones.
    pub old_api_secret: Option<Secret>,
    /// Signs the notes that browsers keep. The same in every instance.
    pub note_secret: Secret,
    /// The secret before: notes that it signed count as well, until browsers have new ones.
    pub old_note_secret: Option<Secret>,
    /// How many tries are allowed before a wait.
    pub tries: TryLimits,
    /// What hashing a password costs.
    pub password_costs: PasswordCosts,
    /// Who administers the pool, beside those whose account says so. Clones share it.
    pub administrators: Reloadable<Vec<UserId>>,
    /// Whether administrators must have a second factor.
    pub admin_second_factor: bool,
    /// After how long without a use an administrator's session ends: half an hour where nothing else is said.
    pub admin_idle: Duration,
    /// After how long an account is removed whose e-mail address was not verified: a week where nothing else is said; `None`
    /// for never. Only accounts that nobody used, and only where mail is sent.
    pub unverified_lasts: Option<Duration>,
    /// Whether an account is only made for who has an invitation. Clones share it.
    pub invitations_required: Reloadable<bool>,
    /// The certificates whose end is watched: what each belongs to, and when it ends.
    pub certificates: Reloadable<Vec<(String, UnixTime)>>,
    /// What the operator should know of the configuration.
    pub warnings: Vec<String>,
    /// What this instance is called where several share a database, for people: its host and process, say.
    pub instance: String,
    /// How often the heartbeat beats, where there is one.
    pub heartbeat_every: Duration,
}

impl PoolSettings {
    /// Settings with the usual limits and costs, and without administrators.
    pub fn new(site: SiteIdentity, api_secret: Secret, note_secret: Secret) -> Self {
        Self {
            site,
            api_secret,
            old_api_secret: None,
            note_secret,
            old_note_secret: None,
            tries: TryLimits::default(),
            password_costs: PasswordCosts::default(),
            administrators: Reloadable::default(),
            admin_second_factor: false,
            admin_idle: ADMIN_IDLE,
            unverified_lasts: Some(UNVERIFIED_LASTS),
            invitations_required: Reloadable::default(),
            certificates: Reloadable::default(),
            warnings: Vec::new(),
            instance: String::new(),
            heartbeat_every: HEARTBEAT_EVERY,
        }
    }

    /// Signs the notes that browsers keep for one purpose, and knows those of the secret before.
    pub fn signer(&self, purpose: &str) -> Signer {
        Signer::with_before(&self.note_secret, self.old_note_secret.as_ref(), purpose)
    }

    /// Whether a user is an administrator.
    pub fn administers(&self, user: &User) -> bool {
        user.admin || self.administrators.get().contains(&user.id)
    }
}
