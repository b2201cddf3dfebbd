//! A pool behind the front end, with wallets, daemons, time and mail that tests direct.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stakepool::accounts::{ClientAddress, Origin, TryLimits};
use stakepool::{Pool, PoolSettings, PoolTerms, SiteIdentity, Stores};
use stakepool_core::accounts::{
    Actor, Email, PasswordCosts, PasswordHasher, PasswordHashes, SystemRandom, TotpSecret, TotpStep, User, UserId,
};
use stakepool_core::chain::Network;
use stakepool_core::ports::{Clock as _, UserStore as _};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeDaemon, FakeWallet, MemoryStore, TestClock};
use stakepool_core::ticket::PoolFee;
use tokio::net::TcpListener;

use super::letters::Letters;
use crate::browser::{Browser, Reply};
use crate::front;

pub const ORIGIN: &str = "https://pool.example.org";
pub const ALICE: &str = "alice@example.org";
pub const BOB: &str = "bob@example.org";
pub const PASSWORD: &str = "gull anvil ferry nine";
pub const NEW_PASSWORD: &str = "another long password";
/// A public key address that nobody has registered.
pub const USER_KEY: &str = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";

/// What a test wants to be different.
pub struct Plan {
    pub tries: TryLimits,
    pub costs: PasswordCosts,
    pub mail: bool,
    pub daemons: Vec<Arc<FakeDaemon>>,
    pub stores: fn(Stores) -> Stores,
}

/// A pool that is served, and what it stands on.
pub struct World {
    pub pool: Arc<Pool>,
    pub store: MemoryStore,
    pub wallets: [Arc<FakeWallet>; 2],
    pub clock: Arc<TestClock>,
    pub letters: Arc<Letters>,
    server: SocketAddr,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with_mail() -> Self {
        Self::with(|plan| plan.mail = true).await
    }

    pub async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO };
        let mut plan =
            Plan { tries: TryLimits::default(), costs, mail: false, daemons: Vec::new(), stores: |stores| stores };
        change(&mut plan);
        let (cold, fee) = (COLD.parse().unwrap(), PoolFee::from_percent(7.5).unwrap());
        let secret = || Secret::new("a secret of these tests, long enough for an API");
        let mut settings = PoolSettings::new(SiteIdentity::new(ORIGIN), secret(), secret());
        (settings.tries, settings.password_costs) = (plan.tries, plan.costs);
        let store = MemoryStore::default();
        let wallets = [FakeWallet::new("wallet:1"), FakeWallet::new("wallet:2")];
        let (clock, letters) = (Arc::new(TestClock::default()), Arc::new(Letters::default()));
        let mut builder = Pool::builder(PoolTerms::new(Network::Simnet, cold, cold, fee), settings)
            .store((plan.stores)(Arc::new(store.clone()).into()))
            .wallets(wallets.iter().map(|wallet| Arc::clone(wallet) as _))
            .daemons(plan.daemons.into_iter().map(|daemon| daemon as _))
            .clock(clock.clone());
        if plan.mail {
            builder = builder.mailer(letters.clone());
        }
        let pool = Arc::new(builder.build().unwrap());
        pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
        let runs = pool.clone();
        tokio::spawn(async move { runs.run(std::future::pending()).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let served = front::router(pool.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, served).into_future());
        Self { pool, store, wallets, clock, letters, server }
    }

    /// A browser on a page of the pool.
    pub fn browser(&self) -> Browser {
        Browser::new(self.server, ORIGIN)
    }

    /// One that comes from another address of this machine.
    pub fn browser_from(&self, client: &str) -> Browser {
        let mut browser = self.browser();
        browser.client = client.parse().unwrap();
        browser
    }

    /// A user with the usual password who may sign in at once.
    pub async fn account(&self, email: &str) -> UserId {
        let hasher = PasswordHasher::new(self.pool.settings().password_costs, Arc::new(SystemRandom)).unwrap();
        let hashes = PasswordHashes { argon2: Some(hasher.hash(PASSWORD).await.unwrap()), bcrypt: None };
        self.pool.create_user(Actor::CommandLine, Email::parse(email).unwrap(), hashes, false).await.unwrap()
    }

    /// Such a user, in a browser that is signed in.
    pub async fn user(&self, email: &str) -> Browser {
        self.account(email).await;
        self.signed_in(email).await
    }

    /// One more browser of a user.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        assert_eq!(sign_in(&mut browser, email, PASSWORD).await.status, StatusCode::OK);
        browser
    }

    /// The user with an address, as the store has it.
    pub async fn stored(&self, email: &str) -> Option<User> {
        self.store.by_email(&Email::parse(email).unwrap()).await.unwrap()
    }

    /// Changes a user behind the pool's back, as another instance does.
    pub async fn change(&self, email: &str, change: impl FnOnce(&mut User)) {
        let before = self.stored(email).await.unwrap();
        let mut after = before.clone();
        change(&mut after);
        self.store.update(&before, &after).await.unwrap();
    }

    /// The code that a user's device shows now.
    pub fn code(&self, secret: &TotpSecret) -> String {
        secret.code(TotpStep(self.clock.now().0 / 30))
    }

    /// Sets a second factor up, which ends all sessions; afterwards the device shows a new code.
    pub async fn second_factor(&self, email: &str) -> (TotpSecret, Vec<String>) {
        let (user, home) = (self.stored(email).await.unwrap(), Origin::new(ClientAddress::LOCAL));
        let secret = self.pool.propose_second_factor(&user, PASSWORD, &home).await.unwrap().secret;
        let codes = self.pool.confirm_second_factor(&user, &self.code(&secret), None, &home).await.unwrap();
        self.clock.advance(Duration::from_secs(30));
        (secret, codes.iter().map(|code| code.reveal()).collect())
    }
}

pub async fn post(browser: &mut Browser, path: &str, fields: Value) -> Reply {
    browser.post(path, fields).await.unwrap()
}

pub async fn sign_in(browser: &mut Browser, email: &str, password: &str) -> Reply {
    post(browser, "/signin", json!({ "email": email, "password": password })).await
}

/// Whether a browser is signed in.
pub async fn is_in(browser: &Browser) -> bool {
    let reply = browser.clone().get("/key").await.unwrap();
    assert!(matches!(reply.status, StatusCode::OK | StatusCode::UNAUTHORIZED), "{reply:?}");
    reply.status == StatusCode::OK
}

/// Asks for a change by another method than POST, with the password.
pub async fn delete(browser: &mut Browser, path: &str) -> Reply {
    use axum::http::header::{CONTENT_TYPE, ORIGIN as FROM};
    let headers = [(FROM, ORIGIN.to_owned()), (CONTENT_TYPE, "application/json".to_owned())];
    browser.send(Method::DELETE, path, &headers, &json!({ "password": PASSWORD }).to_string()).await.unwrap()
}

impl Reply {
    /// Why it refuses.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// That it refuses with this status, and for a reason with these words.
    pub fn refuses(&self, status: StatusCode, words: &str) {
        assert!(self.status == status && self.error().contains(words), "not {status} with “{words}”: {self:?}");
    }

    /// That it refuses for too many tries, and says how long to wait.
    pub fn must_wait(&self) {
        self.refuses(StatusCode::TOO_MANY_REQUESTS, "try again in 10 minutes");
        let wait = self.headers.get("retry-after").unwrap().to_str().unwrap().parse::<u64>().unwrap();
        assert!((590..=600).contains(&wait), "{wait}");
    }
}
