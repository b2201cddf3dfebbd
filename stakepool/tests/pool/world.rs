//! A whole pool on a database in a folder, with wallets, daemons, time and mail that tests direct.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool::accounts::{ClientAddress, NewPassword, NewSession, Origin, SignedIn, SignedUp};
use stakepool::wallets::{VotingWallet, WalletsError};
use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity, Stores, VoteObserver};
use stakepool_core::accounts::{
    Actor, Email, PasswordCosts, PasswordHasher, PasswordHashes, SystemRandom, User, UserId,
};
use stakepool_core::chain::Network;
use stakepool_core::ports::{
    AlertSink, AuditStore as _, Clock as _, EventCursor, Heartbeat, LedgerStore as _, SessionToken, UserStore as _,
    VotingDaemon,
};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeDaemon, FakeWallet, TestClock};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::letters::Letters;

pub const ALICE: &str = "alice@example.org";
pub const BOB: &str = "bob@example.org";
pub const PASSWORD: &str = "gull anvil ferry nine";
pub const OTHER_PASSWORD: &str = "another long password";

/// A public key address that nobody has registered.
pub const USER_KEY: &str = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";

/// What a test wants to be different.
pub struct Plan {
    pub terms: PoolTerms,
    pub settings: PoolSettings,
    /// Whether mail is sent.
    pub mail: bool,
    pub daemons: Vec<Arc<FakeDaemon>>,
    pub stores: Box<dyn FnOnce(Stores) -> Stores>,
    pub vote_observer: Option<Arc<dyn VoteObserver>>,
    /// By which the operator is alerted, beside mail.
    pub channels: Option<(Arc<dyn AlertSink>, Arc<dyn Heartbeat>)>,
}

/// A pool, and what it stands on.
pub struct World {
    pub pool: Arc<Pool>,
    pub database: Arc<Database>,
    pub wallets: Vec<Arc<FakeWallet>>,
    pub clock: Arc<TestClock>,
    pub letters: Arc<Letters>,
    _folder: Option<TempDir>,
}

impl World {
    /// An open pool without mail and daemons, whose two wallets are in service.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`World::start`], with mail.
    pub async fn with_mail() -> Self {
        Self::with(|plan| plan.mail = true).await
    }

    pub async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self::on(folder.path(), change).await;
        Self { _folder: Some(folder), ..world }
    }

    /// A pool on the database in a folder, as after a restart of the web.
    pub async fn in_folder(folder: &Path, terms: PoolTerms) -> Self {
        Self::in_folder_with(folder, |plan| plan.terms = terms).await
    }

    /// As [`World::in_folder`], with something different.
    pub async fn in_folder_with(folder: &Path, change: impl FnOnce(&mut Plan)) -> Self {
        Self::on(folder, change).await
    }

    async fn on(folder: &Path, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = plan();
        change(&mut plan);
        let file = folder.join("pool.sqlite");
        let database = Arc::new(Database::open_sqlite(file, SqliteOptions::default()).await.unwrap());
        let wallets = vec![FakeWallet::new("wallet:1"), FakeWallet::new("wallet:2")];
        let (clock, letters) = (Arc::new(TestClock::default()), Arc::new(Letters::default()));
        let mut builder = Pool::builder(plan.terms, plan.settings)
            .store((plan.stores)(database.clone().into()))
            .wallets(wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn VotingWallet>))
            .daemons(plan.daemons.into_iter().map(|daemon| daemon as Arc<dyn VotingDaemon>))
            .clock(clock.clone());
        if let Some(observer) = plan.vote_observer {
            builder = builder.vote_observer(observer);
        }
        if let Some((sink, heartbeat)) = plan.channels {
            builder = builder.alerts(sink).heartbeat(heartbeat);
        }
        if plan.mail {
            builder = builder.mailer(letters.clone());
        }
        let pool = Arc::new(builder.build().unwrap());
        pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
        Self { pool, database, wallets, clock, letters, _folder: None }
    }

    /// Runs the pool; the sender stops it.
    pub fn run(&self) -> (oneshot::Sender<()>, JoinHandle<Result<(), WalletsError>>) {
        let (stop, stopped) = oneshot::channel();
        let pool = self.pool.clone();
        let running = tokio::spawn(async move {
            pool.run(async {
                let _ = stopped.await;
            })
            .await
        });
        (stop, running)
    }

    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// A user with the usual password who may sign in at once.
    pub async fn account(&self, email: &str) -> User {
        self.make(email, false).await
    }

    /// As [`World::account`], an administrator.
    pub async fn administrator(&self, email: &str) -> User {
        self.make(email, true).await
    }

    async fn make(&self, email: &str, admin: bool) -> User {
        let hasher = PasswordHasher::new(self.pool.settings().password_costs, Arc::new(SystemRandom)).unwrap();
        let hashes = PasswordHashes { argon2: Some(hasher.hash(PASSWORD).await.unwrap()), bcrypt: None };
        let id = self.pool.create_user(Actor::CommandLine, Email::parse(email).unwrap(), hashes, admin).await.unwrap();
        self.user(id).await
    }

    /// As [`World::account`], with an address.
    pub async fn registered(&self, email: &str) -> User {
        let user = self.account(email).await;
        self.pool.register(user.id, USER_KEY).await.unwrap();
        self.user(user.id).await
    }

    /// Keeps the daemons at the desired state, and nothing else, until the test ends.
    pub fn keep_daemons(&self) -> JoinHandle<()> {
        let pool = self.pool.clone();
        tokio::spawn(async move { pool.daemons().run().await })
    }

    /// Waits until a daemon is in sync.
    pub async fn in_sync(&self, daemon: &FakeDaemon) {
        let in_sync = || self.pool.daemons().views().get(&daemon.name).is_some_and(|view| view.in_sync).then_some(());
        until("a daemon in sync", in_sync).await;
    }

    /// Waits until a daemon's reports are stored up to one.
    pub async fn collected(&self, daemon: &FakeDaemon, seq: u64) {
        let stored = async || {
            self.database
                .cursor(&EventCursor::kept_as(&daemon.name))
                .await
                .unwrap()
                .is_some_and(|cursor| cursor.seq >= seq)
        };
        let wait = async {
            while !stored().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the reports are not stored");
    }

    /// Has a daemon compared once more, to the end.
    pub async fn compared(&self, daemon: &FakeDaemon) {
        let looks = || daemon.looks.load(Ordering::SeqCst);
        let before = looks();
        for more in 1..=2 {
            self.pool.daemons().changed();
            until("a comparison", || (looks() >= before + more).then_some(())).await;
        }
    }

    /// A user as the database has it.
    pub async fn user(&self, id: UserId) -> User {
        self.database.by_id(id).await.unwrap().unwrap()
    }

    pub async fn by_email(&self, email: &str) -> Option<User> {
        self.database.by_email(&Email::parse(email).unwrap()).await.unwrap()
    }

    /// Changes a user behind the pool's back, as another instance does.
    pub async fn change(&self, id: UserId, change: impl FnOnce(&mut User)) {
        let before = self.user(id).await;
        let mut after = before.clone();
        change(&mut after);
        self.database.update(&before, &after).await.unwrap();
    }

    pub async fn sign_up(&self, email: &str) -> SignedUp {
        self.pool.sign_up(email, NewPassword::once(PASSWORD), &home()).unwrap().finish().await.unwrap()
    }

    /// Signs in with the password alone.
    pub async fn sign_in(&self, email: &str, password: &str) -> NewSession {
        match self.pool.sign_in(email, password, &home(), None).await.unwrap() {
            SignedIn::Session(session) => *session,
            SignedIn::SecondFactor(_) => panic!("{email} has a second factor"),
        }
    }

    /// Whether a session is open.
    pub async fn is_open(&self, session: &NewSession) -> bool {
        self.pool.session(&session.secret.reveal()).await.unwrap().is_some()
    }

    /// The latest acts in the audit log, latest first.
    pub async fn acts(&self, count: u64) -> Vec<String> {
        self.database.latest(count).await.unwrap().into_iter().map(|entry| entry.action).collect()
    }

    /// The latest act as it was noted: who, what, on what, and what else.
    pub async fn last_act(&self) -> (String, String, String, String) {
        let entry = self.database.latest(1).await.unwrap().remove(0);
        (entry.actor, entry.action, entry.subject, entry.detail)
    }
}

fn plan() -> Plan {
    let stores = Box::new(|stores| stores);
    Plan {
        terms: terms(),
        settings: settings(),
        mail: false,
        daemons: Vec::new(),
        stores,
        vote_observer: None,
        channels: None,
    }
}

/// The terms of an open pool, with which the fake wallets and daemons agree.
pub fn terms() -> PoolTerms {
    let key = COLD.parse().unwrap();
    PoolTerms::new(Network::Simnet, key, key, PoolFee::from_percent(7.5).unwrap())
}

/// The usual settings, with passwords that cost nothing.
pub fn settings() -> PoolSettings {
    let mut site = SiteIdentity::new("https://pool.example.org");
    site.name = "Test pool".to_owned();
    let secret = || Secret::new("a secret of these tests, long enough for an API");
    let mut settings = PoolSettings::new(site, secret(), secret());
    settings.password_costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO };
    settings
}

/// The token of a session, as the store knows it.
pub fn token(session: &NewSession) -> SessionToken {
    SessionToken(session.secret.hash())
}

/// A browser at home.
pub fn home() -> Origin {
    from("203.0.113.9")
}

/// A browser at an address.
pub fn from(address: &str) -> Origin {
    Origin::new(ClientAddress(address.parse().unwrap())).device("Firefox on Linux")
}

/// Waits until there is something, at most ten seconds.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited for {what} in vain");
}
