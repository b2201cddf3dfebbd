//! The application's state, shared by all requests.

use std::sync::Arc;

use stakepool_core::accounts::{ApiKeys, ApiKeysError, PasswordError, PasswordHasher, User, UserId, VotingPreference};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{StakeInfo, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::GroupError;
use tokio::time::Instant;

use crate::api;
use crate::assets::Assets;
use crate::cache::{CachedUser, Fresh, UserCache};
use crate::cookies::CookieJar;
use crate::csrf::CsrfGuard;
use crate::daemons::{Convergence, WantedSignal};
use crate::limits::Limiter;
use crate::options::WebOptions;
use crate::render::{RenderError, Renderer};
use crate::services::Services;

/// Why the application cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The secret for API keys.
    #[error(transparent)]
    ApiKeys(#[from] ApiKeysError),
    /// The costs of passwords.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The secret for cookies.
    #[error("cookiesecret is empty: set it to a long random text, and to the same one in every instance of the web")]
    EmptyCookieSecret,
    /// The templates.
    #[error(transparent)]
    Templates(#[from] RenderError),
}

/// The figures of the pool at one moment, and what the API answers with them.
#[derive(Clone, Debug)]
pub struct PoolFigures {
    /// What the wallets tell.
    pub stake: StakeInfo,
    /// All users.
    pub users: u64,
    /// Users with an address.
    pub active_users: u64,
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FiguresError {
    /// The wallets.
    #[error(transparent)]
    Wallets(#[from] GroupError),
    /// The users.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The figures and the API's answer with them.
pub type Figures = Result<(Arc<PoolFigures>, hyper::body::Bytes), FiguresError>;

/// The application.
#[derive(Debug)]
pub struct App {
    /// Its settings.
    pub options: WebOptions,
    /// What it works with.
    pub services: Services,
    /// Issues and checks API keys.
    pub api_keys: ApiKeys,
    /// Hashes and checks passwords.
    pub passwords: PasswordHasher,
    /// Tells our forms from forged ones.
    pub csrf: CsrfGuard,
    /// Counts tries.
    pub limiter: Limiter,
    /// Makes pages of templates.
    pub renderer: Renderer,
    /// Style sheets and images.
    pub assets: Assets,
    /// Makes cookies.
    pub cookies: CookieJar,
    /// Tells the daemons' tasks that users or added tickets changed.
    pub wanted: WantedSignal,
    /// Keeps the daemons at what is wanted, and knows how they are.
    pub daemons: Convergence,
    users: UserCache,
    figures: Fresh<Figures>,
}

impl App {
    /// Sets the application up.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: WebOptions, services: Services) -> Result<Self, SetupError> {
        if options.cookie_secret.reveal().is_empty() {
            return Err(SetupError::EmptyCookieSecret);
        }
        let wanted = WantedSignal::default();
        Ok(Self {
            api_keys: ApiKeys::new(options.api_secret.reveal(), &options.base_url)?,
            passwords: PasswordHasher::new(options.password_costs, services.random.clone())?,
            csrf: CsrfGuard::new(&options.cookie_secret),
            limiter: Limiter::new(options.tries),
            renderer: Renderer::new(options.template_path.clone())?,
            assets: Assets::new(options.public_path.clone()),
            cookies: CookieJar { secure: options.cookie_secure },
            daemons: Convergence::new(services.clone(), wanted.clone()),
            wanted,
            users: UserCache::default(),
            figures: Fresh::default(),
            options,
            services,
        })
    }

    /// Now.
    pub fn now(&self) -> UnixTime {
        self.services.clock.now()
    }

    /// A user, at most a second old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: UserId) -> Result<Option<Arc<CachedUser>>, StoreError> {
        if let Some(user) = self.users.get(id) {
            return Ok(user);
        }
        let read_at = Instant::now();
        let user = self.services.users.by_id(id).await?.map(|user| {
            let purchase_info = api::getpurchaseinfo::body(&user, self.options.pool_fee);
            Arc::new(CachedUser { user, purchase_info })
        });
        self.users.put(id, read_at, user.clone());
        Ok(user)
    }

    /// Changes a user. The change is made on the user as the store has it now; where somebody else changes the same
    /// field at the same moment, it is made once more on what they left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_user(&self, id: UserId, change: impl Fn(&mut User)) -> Result<User, StoreError> {
        let mut tries = 0;
        loop {
            let before = self.services.users.by_id(id).await?.ok_or(StoreError::NotFound("user"))?;
            let mut after = before.clone();
            change(&mut after);
            let stored = self.services.users.update(&before, &after).await;
            self.users.forget(id);
            tries += 1;
            match stored {
                Ok(()) => return Ok(after),
                Err(StoreError::Conflict(_)) if tries < 3 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Forgets what is cached of a user whose address was just registered, and has the daemons told.
    pub fn user_registered(&self, id: UserId) {
        self.users.forget(id);
        self.wanted.changed();
    }

    /// The pool's figures, at most a second old.
    pub async fn figures(&self) -> Figures {
        self.figures
            .get(|| async {
                let (stake, counts) = tokio::join!(self.services.stats.stake_info(), self.services.users.counts());
                let (users, active_users) = counts?;
                let figures = PoolFigures { stake: stake?, users, active_users };
                let body = api::stats::body(&figures, &self.options);
                Ok((Arc::new(figures), body))
            })
            .await
    }

    /// What a user votes who has not chosen.
    pub fn default_voting(&self) -> VotingPreference {
        self.voting(VoteBits::APPROVE)
    }

    /// Bits as chosen now, for the agendas of the present vote version.
    pub fn voting(&self, bits: VoteBits) -> VotingPreference {
        VotingPreference { bits, version: self.services.stats.vote_version().unwrap_or(VoteVersion(0)) }
    }
}
