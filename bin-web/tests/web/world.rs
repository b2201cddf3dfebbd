//! A whole pool around the web application.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stakepool::mail::{SmtpEncryption, SmtpMailer, SmtpOptions};
use stakepool::registration::Registrar;
use stakepool::{Parts, Pool, PoolSettings, PoolTerms, SiteIdentity};
use stakepool_core::accounts::{
    Email, PasswordCosts, PasswordHasher, PasswordHashes, SystemRandom, UserId, VotingPreference,
};
use stakepool_core::chain::{Network, VoteBits};
use stakepool_core::ports::{Clock as _, NewUser, PoolWallet, UserStore as _, VotingDaemon};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::{FakeDaemon, TestClock};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::{Database, SqliteOptions};
use stakepool_web::{BoundAddress, Web, WebError, WebOptions, WebParts};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::fakes::{FakeWallet, VOTE_VERSION};
use crate::http::{Reply, send};
use crate::keys::SECRET;
pub use crate::keys::predecessors as key_of;

/// The keys of the pool whose API was recorded.
pub const VOTING: &str =
    "spubVW5P9qRiynbYg36SpAhBQnqev2v32WazWqvFbCkPbQX55BBmQs7tqXsoBjwJPZ3TRCaHUePEsUDWmDBVBAdpyyfhLHFgnLBCmaDMCzacrte";
pub const COLD: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";

/// A public key address that nobody has registered yet.
pub const USER_KEY: &str = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";

fn tcp(web: &Web) -> SocketAddr {
    let BoundAddress::Tcp(server) = *web.address() else { panic!("not TCP") };
    server
}

/// A pool, and the web application in front of it.
pub struct World {
    pub server: SocketAddr,
    /// Where monitors are answered, where the plan says so.
    pub monitors: Option<SocketAddr>,
    pub database: Arc<Database>,
    pub group: Arc<WalletGroup>,
    pub wallets: Vec<Arc<FakeWallet>>,
    pub clock: Arc<TestClock>,
    pub pool: Arc<Pool>,
    options: WebOptions,
    web: WebParts,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), WebError>>,
    pub folder: TempDir,
}

/// What a test wants to be different.
pub struct Plan {
    pub terms: PoolTerms,
    pub settings: PoolSettings,
    pub options: WebOptions,
    pub web: WebParts,
    pub daemons: Vec<Arc<FakeDaemon>>,
    pub change_parts: fn(&mut Parts),
    /// Whether the pool works in the background, too.
    pub works: bool,
    /// A mail server, where mail is sent.
    pub mail: Option<SocketAddr>,
}

impl Default for Plan {
    fn default() -> Self {
        let fee = PoolFee::from_percent(7.5).unwrap();
        let terms = PoolTerms::new(Network::Simnet, VOTING.parse().unwrap(), COLD.parse().unwrap(), fee);
        let mut site = SiteIdentity::new("http://pool.example");
        site.help_email = "admin@example.org".into();
        let mut settings = PoolSettings::new(site, Secret::new(SECRET), Secret::new("cookie secret"));
        settings.tries.sign_ups_per_client = 1000;
        settings.tries.sign_ins_per_client = 1000;
        settings.tries.api_writes_per_user = 1000;
        settings.password_costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO };
        Self {
            terms,
            settings,
            options: WebOptions::default(),
            web: WebParts::default(),
            daemons: Vec::new(),
            change_parts: |_| {},
            works: true,
            mail: None,
        }
    }
}

impl World {
    pub async fn start() -> Self {
        Self::of(Plan::default()).await
    }

    pub async fn of(plan: Plan) -> Self {
        Self::with(plan, async |_, _| {}).await
    }

    /// As [`World::of`], where what differs lies on the world's own database.
    pub async fn with(plan: Plan, change: impl AsyncFnOnce(&mut Parts, &Arc<Database>)) -> Self {
        let Plan { terms, settings, options, web, .. } = plan;
        let folder = tempfile::tempdir().unwrap();
        let database =
            Arc::new(Database::open_sqlite(folder.path().join("pool.sqlite"), SqliteOptions::default()).await.unwrap());
        let voting = terms.voting_wallet;
        let wallets: Vec<_> = (1..=2)
            .map(|n| Arc::new(FakeWallet { name: format!("wallet{n}"), key: voting, away: AtomicBool::new(false) }))
            .collect();
        let members = wallets.iter().map(|wallet| wallet.clone() as Arc<dyn PoolWallet>).collect();
        let group = Arc::new(WalletGroup::new(terms.network, voting, terms.min_servers, members, database.clone()));
        group.recover_all().await;
        let registrar = Arc::new(Registrar::new(terms.keys().unwrap(), database.clone(), group.clone()));
        let clock = Arc::new(TestClock::default());
        let mut parts = Parts::on_store(database.clone(), registrar, group.clone());
        parts.clock = clock.clone();
        parts.daemons = plan.daemons.iter().map(|daemon| daemon.clone() as Arc<dyn VotingDaemon>).collect();
        parts.vote_observers.push(web.metrics.clone());
        parts.vote_observers.push(web.events.clone());
        if let Some(server) = plan.mail {
            let smtp = SmtpOptions::new(server.to_string(), "pool@example.org").encryption(SmtpEncryption::None);
            parts.mailer = Arc::new(SmtpMailer::new(&smtp, "Test pool").unwrap());
        }
        (plan.change_parts)(&mut parts);
        change(&mut parts, &database).await;
        let pool = Arc::new(Pool::new(terms, settings, parts).unwrap());
        let bound = Web::bind(options.clone(), pool.clone(), web.clone()).await.unwrap();
        let (server, monitors) = (tcp(&bound), bound.monitor_address());
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _ = stopped.await;
        };
        let running =
            tokio::spawn(async move { if plan.works { bound.run(stopped).await } else { bound.serve(stopped).await } });
        let stop = Some(stop);
        Self { server, monitors, database, group, wallets, clock, pool, options, web, stop, running, folder }
    }

    /// Where another instance on the same database answers; it ends with the test.
    pub async fn another_instance(&self) -> SocketAddr {
        let (terms, settings, parts) = (self.pool.terms(), self.pool.settings(), self.pool.parts());
        let pool = Arc::new(Pool::new(terms.clone(), settings.clone(), parts.clone()).unwrap());
        let bound = Web::bind(self.options.clone(), pool, self.web.clone()).await.unwrap();
        let server = tcp(&bound);
        tokio::spawn(bound.run(std::future::pending()));
        server
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// What tells open pages what is new.
    pub fn events(&self) -> &stakepool_web::Events {
        &self.web.events
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.server)
    }

    /// A browser that has signed up and in.
    pub async fn user(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_up(email).await;
        browser.sign_in(email, crate::browser::PASSWORD).await;
        browser
    }

    /// A user with the usual password who is there already, and may sign in at once.
    pub async fn account(&self, email: &str, admin: bool) -> UserId {
        let hasher = PasswordHasher::new(self.pool.settings().password_costs, Arc::new(SystemRandom)).unwrap();
        let user = NewUser {
            email: Email::parse(email).unwrap(),
            password: PasswordHashes {
                bcrypt: None,
                argon2: Some(hasher.hash(crate::browser::PASSWORD).await.unwrap()),
            },
            verified: true,
            admin,
            voting: VotingPreference { bits: VoteBits::APPROVE, version: VOTE_VERSION },
            created: self.clock.now(),
        };
        self.database.create(user).await.unwrap()
    }

    /// Users as the predecessor would have left them: numbers from 1 on, keys valid since ever.
    pub async fn old_users(&self, count: i64) {
        for n in 1..=count {
            let user = NewUser {
                email: Email::parse(&format!("u{n}@example.org")).unwrap(),
                password: PasswordHashes::default(),
                verified: true,
                admin: false,
                voting: VotingPreference { bits: VoteBits::APPROVE, version: VOTE_VERSION },
                created: UnixTime(0),
            };
            assert_eq!(self.database.create(user).await, Ok(UserId(n)));
            let before = self.database.by_id(UserId(n)).await.unwrap().unwrap();
            let mut after = before.clone();
            after.api_keys_valid_from = UnixTime(0);
            self.database.update(&before, &after).await.unwrap();
        }
    }

    pub fn wallets_away(&self, away: bool) {
        for wallet in &self.wallets {
            wallet.away.store(away, Ordering::SeqCst);
        }
    }

    pub async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        send(self.server, method, target, headers, body).await
    }

    /// Calls the API as the user of a key; a body makes it a form.
    pub async fn call(&self, key: &str, target: &str, form: Option<&str>) -> String {
        let authorization = format!("Bearer {key}");
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let method = if form.is_some() { "POST" } else { "GET" };
        self.send(method, target, &headers, form.unwrap_or_default().as_bytes()).await.text()
    }

    /// What the application ends with by itself.
    pub async fn ended(mut self) -> Result<(), WebError> {
        (&mut self.running).await.unwrap()
    }

    /// Stops the application as a signal does.
    pub async fn stop(mut self) -> Result<(), WebError> {
        let _ = self.stop.take().unwrap().send(());
        (&mut self.running).await.unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.running.abort();
    }
}
