//! A pool that runs in paused time and is well: three wallets, two daemons, a user, and a channel of alerts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::registration::RegistrationError;
use stakepool::sealed::SealingKey;
use stakepool::vsp::{Vsp, VspParts, VspTerms};
use stakepool::wallets::VotingWallet;
use stakepool::{Pool, Stores};
use stakepool_core::accounts::{Actor, Email, PasswordHashes, PoolBranches, Registration, User};
use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::chain::{Amount, BlockHeight, ExtendedPubKey, KeyIndex, Network};
use stakepool_core::ports::{
    AlertError, AlertSink, Clock, DaemonStatus, RegisteredTicket, SealedSecret, StoreError, UpkeepStore,
    UserStore as _, VotingDaemon, VspTicketStore as _, WalletState,
};
use stakepool_core::testkit::tickets::COLD;
use stakepool_core::testkit::{FakeDaemon, FakeVspNode, FakeWallet, MemoryStore, samples};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::{UnixMillis, UnixTime};
use stakepool_core::vsp::{FeeAddress, FeeStatus, FeeTerms, Quote, VspTicket, server_version};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::vsp_wallet::{FEE_KEY, Wallet};
use crate::world::{ALICE, settings, terms};

/// The key of another seed.
pub const OTHER_KEY: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

/// Whom the database has.
#[derive(Clone, Copy)]
pub enum Users {
    /// Nobody.
    None,
    /// One with an address.
    One,
    /// One whose fee address is of a cold wallet that nobody knows any more.
    OfAnotherColdWallet,
}

/// The time of day by tokio's clock.
pub struct PausedClock(pub Instant);

impl Clock for PausedClock {
    fn now_millis(&self) -> UnixMillis {
        UnixMillis(1_795_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// A channel of alerts that works until it is told to fail.
#[derive(Default)]
pub struct Sink {
    sent: Mutex<Vec<Alert>>,
    fails: Mutex<bool>,
}

impl Sink {
    /// Takes nothing from now on, but for what says so.
    pub fn fails(&self) {
        *self.fails.lock().unwrap() = true;
    }
}

#[async_trait]
impl AlertSink for Sink {
    fn way(&self) -> &'static str {
        "test"
    }

    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        self.sent.lock().unwrap().extend(alerts.iter().cloned());
        if *self.fails.lock().unwrap() {
            return Err(AlertError { way: "test", reason: "the channel of this test is broken".to_owned() });
        }
        Ok(())
    }
}

/// The disk under the notes.
#[derive(Default)]
pub struct Disk {
    store: Arc<MemoryStore>,
    error: Mutex<Option<&'static str>>,
}

impl Disk {
    /// Takes nothing from now on.
    pub fn fails(&self, error: &'static str) {
        *self.error.lock().unwrap() = Some(error);
    }
}

#[async_trait]
impl UpkeepStore for Disk {
    async fn try_write(&self, _: UnixTime) -> Result<(), StoreError> {
        let error = *self.error.lock().unwrap();
        error.map_or(Ok(()), |error| Err(StoreError::Backend(error.to_owned())))
    }

    async fn set_note(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.store.set_note(name, text).await
    }

    async fn forget_note(&self, name: &str) -> Result<(), StoreError> {
        self.store.forget_note(name).await
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.store.notes(prefix).await
    }
}

/// A pool that runs.
pub struct Ground {
    pub pool: Arc<Pool>,
    pub store: Arc<MemoryStore>,
    pub wallets: [Arc<FakeWallet>; 3],
    pub daemons: [Arc<FakeDaemon>; 2],
    pub disk: Arc<Disk>,
    pub sink: Arc<Sink>,
    /// The web's node for wallets of today.
    pub node: Arc<FakeVspNode>,
    /// What is wrong with the key file.
    pub key_file: Arc<Mutex<Option<&'static str>>>,
    running: JoinHandle<()>,
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Ground {
    /// Starts a pool, and waits until everything has settled.
    pub async fn lay(users: Users) -> Self {
        let store = Arc::new(MemoryStore::default());
        let wallets = ["wallet:1", "wallet:2", "wallet:3"].map(FakeWallet::new);
        let daemons = ["daemon:1", "daemon:2"].map(FakeDaemon::new);
        for daemon in &daemons {
            let wallet = WalletState {
                name: "w:1".to_owned(),
                reachable: true,
                unlocked: true,
                votes_itself: false,
                account_key: Some(COLD.to_owned()),
            };
            daemon.status.lock().unwrap().wallets = vec![wallet];
        }
        let disk = Arc::new(Disk { store: store.clone(), error: Mutex::default() });
        let sink = Arc::new(Sink::default());
        let stores = Stores { upkeep: disk.clone(), ..store.clone().into() };
        let clock = Arc::new(PausedClock(Instant::now()));
        let node = Arc::new(FakeVspNode::at(321));
        let key_file = Arc::<Mutex<Option<&'static str>>>::default();
        let vsp = service(&store, &node, clock.clone()).await;
        vsp.watch_key_file({
            let key_file = key_file.clone();
            Arc::new(move || key_file.lock().unwrap().map(str::to_owned))
        });
        let builder = Pool::builder(terms(), settings())
            .vsp(Some(Arc::new(vsp)))
            .store(stores)
            .wallets(wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn VotingWallet>))
            .daemons(daemons.iter().map(|daemon| Arc::clone(daemon) as Arc<dyn VotingDaemon>))
            .alerts(sink.clone())
            .clock(clock);
        let pool = Arc::new(builder.build().unwrap());
        enrol(&pool, &store, users).await;
        let running = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(std::future::pending()).await.unwrap() }
        });
        let ground = Self { pool, store, wallets, daemons, disk, sink, node, key_file, running };
        sleep(Duration::from_secs(60)).await;
        ground
    }

    /// Changes what a daemon says of itself.
    pub fn daemon(&self, number: usize, change: impl FnOnce(&mut DaemonStatus)) {
        change(&mut self.daemons[number].status.lock().unwrap());
    }

    /// The user.
    pub async fn user(&self) -> User {
        self.store.by_email(&Email::parse(ALICE).unwrap()).await.unwrap().unwrap()
    }

    /// Has a ticket of a wallet of today, which was confirmed and whose fee is there, with a key that nobody can open.
    pub async fn registered(&self, fee: FeeStatus) {
        let wallet = Wallet::new(1);
        let form = VspTicket::from_transaction(&wallet.ticket).unwrap();
        let fee_address = FeeAddress { index: KeyIndex(1), address: form.owner(Network::Simnet) };
        let quote = Quote { amount: Amount::from_atoms(1), expires: UnixTime(0) };
        let mut registration = stakepool_core::vsp::TicketRegistration::new(&form, Network::Simnet, fee_address, quote);
        (registration.fee, registration.confirmed_at) = (fee, Some(BlockHeight(100)));
        let mut ticket = RegisteredTicket::new(registration, wallet.ticket.clone(), UnixTime(1_790_000_000));
        ticket.voting_key = Some(SealedSecret(vec![1; 60]));
        assert!(self.store.add_registered(&ticket).await.unwrap());
    }

    /// Registers one more user.
    pub async fn register(&self, number: u32) -> Registration {
        self.try_register(number).await.unwrap()
    }

    /// The same, which may be refused.
    pub async fn try_register(&self, number: u32) -> Result<Registration, RegistrationError> {
        let email = Email::parse(&format!("user{number}@example.org")).unwrap();
        let id = self.pool.create_user(Actor::CommandLine, email, PasswordHashes::default(), false).await.unwrap();
        let keys = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
        self.pool.register(id, &keys.address(KeyIndex(70 + number)).unwrap().to_string()).await
    }

    /// The kinds of which the operator was alerted, by name.
    pub fn alerts(&self) -> Vec<AlertKind> {
        self.kinds(AlertPhase::Begins)
    }

    /// The kinds that were told as over, by name.
    pub fn ended(&self) -> Vec<AlertKind> {
        self.kinds(AlertPhase::Ends)
    }

    fn kinds(&self, phase: AlertPhase) -> Vec<AlertKind> {
        let sent = self.sink.sent.lock().unwrap();
        let mut kinds: Vec<_> = sent.iter().filter(|alert| alert.phase == phase).map(|alert| alert.kind).collect();
        kinds.sort_by_key(|kind| kind.name());
        kinds.dedup();
        kinds
    }
}

/// The service for wallets of today.
async fn service(store: &Arc<MemoryStore>, node: &Arc<FakeVspNode>, clock: Arc<PausedClock>) -> Vsp {
    let terms = VspTerms {
        network: Network::Simnet,
        fee: FeeTerms { fee: PoolFee::from_percent(5.0).unwrap(), most: None },
        fee_key: FEE_KEY.parse().unwrap(),
        closed: None.into(),
        max_lag: 3,
        version: server_version("0.1.0"),
    };
    let parts = VspParts { stores: store.clone().into(), node: node.clone(), clock };
    Vsp::open(terms, parts, SealingKey::from_bytes(&[7; 32])).await.unwrap()
}

async fn enrol(pool: &Pool, store: &MemoryStore, users: Users) {
    let fee_address = match users {
        Users::None => return,
        Users::One => registration(1).fee_address,
        Users::OfAnotherColdWallet => samples::registration(1).fee_address,
    };
    let email = Email::parse(ALICE).unwrap();
    let id = pool.create_user(Actor::CommandLine, email, PasswordHashes::default(), false).await.unwrap();
    store.register(id, &Registration { fee_address, ..registration(1) }).await.unwrap();
}

/// What a user is registered with under a key index.
pub fn registration(index: u32) -> Registration {
    let (index, key) = (KeyIndex(index), COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap());
    let user = key.address(KeyIndex(50 + index.0)).unwrap();
    PoolBranches { voting: key, cold: key }.registration(index, &user, BlockHeight(300)).unwrap()
}
