//! The application's state, shared by all requests.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{
    ApiKeys, ApiKeysError, PasswordError, PasswordHasher, PasswordHashes, User, UserId, VotingPreference,
};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::ports::{StakeInfo, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::GroupError;
use tokio::time::Instant;

use stakepool::agendas::Agendas;
use crate::api;
use crate::view::assets::Assets;
use stakepool::user_cache::{CachedUser, Fresh, UserCache};
use crate::captcha::own::Questions;
use crate::view::chart::Chart;
use crate::browser::cookies::CookieJar;
use crate::browser::csrf::CsrfGuard;
use stakepool::daemons::{DesiredChanged, Expected, Reconciler};
use crate::browser::return_to::ReturnTos;
use stakepool::history;
use crate::ready_pages::ReadyPages;
use stakepool::accounts::known_browsers::KnownBrowsers;
use stakepool::accounts::tries::Limiter;
use stakepool::mail::Outbox;
use crate::options::WebOptions;
use stakepool::accounts::password_queue::Passwords;
use crate::view::render::{RenderError, Renderer};
use stakepool::Parts;
use stakepool::signed::Signer;
use stakepool::tickets::tally::Tally;

/// How old the pool's charts may be.
const CHARTS_AGE: Duration = Duration::from_secs(60);

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

/// A user before and after a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// As the store had it.
    pub before: User,
    /// As the store has it now.
    pub after: User,
}

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
    pub passwords: Passwords,
    /// Tells our forms from forged ones.
    pub csrf: CsrfGuard,
    /// Counts tries.
    pub limiter: Limiter,
    /// Makes pages of templates.
    pub renderer: Renderer,
    /// Style sheets and images.
    pub assets: Assets,
    /// Asks questions that stop robots.
    pub riddles: Questions,
    /// Sends mail.
    pub post: Post,
    /// Signs that a browser has shown the right password and lacks the second factor.
    pub first_steps: Signer,
    /// Knows browsers that signed in before.
    pub known: KnownBrowsers,
    /// Remembers where somebody wanted to go who had to sign in first.
    pub goals: Goals,
    /// Makes cookies.
    pub cookies: CookieJar,
    /// Tells the daemons' tasks that users or added tickets changed.
    pub wanted: DesiredChanged,
    /// Keeps the daemons at what is wanted, and knows how they are.
    pub daemons: Reconciler,
    /// What can be voted on.
    pub agendas: AgendaBoard,
    /// Answers that are ready.
    pub hot: Hot,
    users: UserCache,
    figures: Fresh<Figures>,
    tally: Fresh<Result<Tally, StoreError>>,
    charts: Fresh<Arc<Vec<Chart>>>,
}

impl App {
    /// Sets the application up.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: WebOptions, services: Services) -> Result<Self, SetupError> {
        if options.cookie_secret.expose().is_empty() {
            return Err(SetupError::EmptyCookieSecret);
        }
        let wanted = DesiredChanged::default();
        let expected = Expected { network: options.network, cold_wallet: options.administration.cold_wallet };
        Ok(Self {
            api_keys: ApiKeys::new(options.api_secret.expose(), &options.base_url)?,
            passwords: Passwords::new(PasswordHasher::new(options.password_costs, services.random.clone())?),
            csrf: CsrfGuard::new(&options.cookie_secret),
            limiter: Limiter::new(options.tries),
            renderer: Renderer::new(options.template_path.clone())?,
            assets: Assets::new(options.public_path.clone()),
            riddles: Questions::new(&options.cookie_secret),
            post: Post::new(services.mailer.clone()),
            first_steps: Signer::new(&options.cookie_secret, "first step"),
            known: KnownBrowsers::new(&options.cookie_secret, CookieJar { secure: options.cookie_secure }),
            goals: Goals::new(&options.cookie_secret, CookieJar { secure: options.cookie_secure }),
            cookies: CookieJar { secure: options.cookie_secure },
            daemons: Reconciler::new(services.clone(), wanted.clone(), expected),
            wanted,
            agendas: AgendaBoard::new(services.agendas.clone()),
            hot: Hot::new(options.is_https()),
            charts: Fresh::new(CHARTS_AGE),
            users: UserCache::default(),
            figures: Fresh::default(),
            tally: Fresh::default(),
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
    /// field at the same moment, it is made once more on what they left. A change that changes nothing is not written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_user(&self, id: UserId, change: impl Fn(&mut User)) -> Result<User, StoreError> {
        let change = |user: &mut User| {
            change(user);
            Ok(())
        };
        self.try_change_user(id, change).await.map(|changed| changed.after)
    }

    /// As [`App::change_user`], with a change that may refuse.
    ///
    /// # Errors
    /// [`StoreError`], or what the change says.
    pub async fn try_change_user(
        &self,
        id: UserId,
        change: impl Fn(&mut User) -> Result<(), StoreError>,
    ) -> Result<Changed, StoreError> {
        let mut tries = 0;
        loop {
            let before = self.services.users.by_id(id).await?.ok_or(StoreError::NotFound("user"))?;
            let mut after = before.clone();
            change(&mut after)?;
            if after == before {
                return Ok(Changed { before, after });
            }
            let stored = self.services.users.update(&before, &after).await;
            self.users.forget(id);
            tries += 1;
            match stored {
                Ok(()) => return Ok(Changed { before, after }),
                Err(StoreError::Conflict(_)) if tries < 3 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Stores what a user wants to vote. The daemons are told only where that is something new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_voting(&self, id: UserId, voting: VotingPreference) -> Result<(), StoreError> {
        let set = |user: &mut User| {
            user.voting = voting;
            Ok(())
        };
        let Changed { before, after } = self.try_change_user(id, set).await?;
        if before.voting != after.voting {
            self.wanted.changed();
        }
        Ok(())
    }

    /// Replaces a user's password, whose hashes were `verified` when it was asked for, by `new`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it was changed since; or another [`StoreError`].
    pub async fn set_password(
        &self,
        id: UserId,
        verified: &PasswordHashes,
        new: &PasswordHashes,
    ) -> Result<(), StoreError> {
        let set = |user: &mut User| {
            if user.password != *verified {
                return Err(StoreError::Conflict("password"));
            }
            user.password.clone_from(new);
            Ok(())
        };
        self.try_change_user(id, set).await.map(drop)
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

    /// The pool's tickets as its ledger counts them, at most a second old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        let count = || async { Ok(Tally::of(&self.services.ledger.ticket_counts(None).await?)) };
        self.tally.get(count).await
    }

    /// The charts of the pool, at most a minute old; none where the database fails.
    pub async fn charts(&self, stake: &StakeInfo) -> Arc<Vec<Chart>> {
        self.charts
            .get(|| async {
                let charts = history::of_pool(self, stake).await;
                Arc::new(charts.unwrap_or_else(|error| {
                    tracing::error!(%error, "no charts of the pool");
                    Vec::new()
                }))
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
