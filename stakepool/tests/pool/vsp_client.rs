//! A wallet of today on the simulated network, before a pool that runs with a daemon of its own, all by tokio's clock.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::sealed::SealingKey;
use stakepool::vsp::{Request, Vsp, VspParts, VspTerms};
use stakepool::{Pool, PoolTerms};
use stakepool_core::chain::{KeyIndex, Network, TicketHash};
use stakepool_core::ports::VspTicketStore as _;
use stakepool_core::reports::TicketState;
use stakepool_core::testkit::{MemoryFile, MemoryStore};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::{Engine, EngineParts, LocalDaemon};
use stakepool_core::vsp::{FeeStatus, FeeTerms, SignedAnswer, server_version};
use stakepool_sim::{FeeStage, SimNetwork, VspClient, VspClientError, VspServer};
use tokio::time::{Instant, sleep};

use crate::ground::PausedClock;
use crate::world::settings;

pub const PATIENCE: Duration = Duration::from_secs(5);

/// The pool's service within this process, and what it answered.
#[derive(Clone)]
pub struct Service {
    pub vsp: Arc<Vsp>,
    answers: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

#[async_trait]
impl VspServer for Service {
    async fn info(&self) -> Result<SignedAnswer, VspClientError> {
        Ok(self.vsp.info().as_ref().clone())
    }

    async fn post(&self, command: &'static str, body: &[u8], signature: &str) -> Result<SignedAnswer, VspClientError> {
        let request = Request { body, signature: Some(signature) };
        let answer = match command {
            "feeaddress" => self.vsp.fee_address(request).await,
            "payfee" => self.vsp.pay_fee(request).await,
            "ticketstatus" => self.vsp.ticket_status(request).await,
            other => panic!("{other} is not asked by wallets"),
        };
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let code = if answer.status == 200 { 200 } else { body["code"].as_u64().unwrap() };
        self.answers.lock().unwrap().push((command, code));
        Ok(answer)
    }
}

/// The network, the pool and the wallet.
pub struct Scene {
    pub sim: SimNetwork,
    pub store: MemoryStore,
    pub service: Service,
    pub wallet: VspClient,
    pub pool: Arc<Pool>,
    pub engine: Arc<Engine>,
    /// The daemon's state file.
    pub file: Arc<MemoryFile>,
}

fn engine(sim: &SimNetwork, fee: PoolFee, file: &Arc<MemoryFile>) -> Arc<Engine> {
    let addresses = FeeAddresses::derive(&sim.cold_wallet_xpub().external_branch().unwrap(), KeyIndex(10)).unwrap();
    let evaluator = Evaluator::new(Network::Simnet, Network::Simnet.params(sim.generation()), fee, addresses);
    let wallets = sim.voting_wallets().iter().map(|wallet| wallet.in_process() as _).collect();
    let nodes = sim.nodes().iter().map(|node| node.in_process() as _).collect();
    Engine::new(EngineParts::new(evaluator, wallets, nodes, file.clone())).unwrap()
}

impl Scene {
    pub async fn set() -> Self {
        let sim = SimNetwork::builder().seed(42).voting_wallets(1).without_servers().start().await.unwrap();
        let (store, clock) = (MemoryStore::default(), Arc::new(PausedClock(Instant::now())));
        let fee = PoolFee::from_percent(5.0).unwrap();
        let terms = VspTerms {
            network: Network::Simnet,
            fee: FeeTerms { fee, most: None },
            fee_key: sim.vsp_account_xpub(),
            closed: None.into(),
            max_lag: 3,
            version: server_version("0.1.0"),
        };
        let stores = Arc::new(store.clone());
        let parts = VspParts { stores: stores.clone().into(), node: sim.node().in_process(), clock: clock.clone() };
        let vsp = Arc::new(Vsp::open(terms, parts, SealingKey::from_bytes(&[7; 32])).await.unwrap());
        let file = Arc::<MemoryFile>::default();
        let engine = engine(&sim, fee, &file);
        tokio::spawn(engine.clone().run(sim.events(), pending()));
        let cold = sim.cold_wallet_xpub();
        let pool = Pool::builder(PoolTerms::new(Network::Simnet, sim.voting_wallet_xpub(), cold, fee), settings())
            .store(stores)
            .daemon(Arc::new(LocalDaemon::new(engine.clone(), "daemon", cold)))
            .vsp(Some(vsp.clone()))
            .clock(clock.clone())
            .build()
            .unwrap();
        let pool = Arc::new(pool);
        let running = pool.clone();
        tokio::spawn(async move { running.run(pending()).await });
        let service = Service { vsp: vsp.clone(), answers: Arc::default() };
        let wallet = sim.vsp_client(service.clone(), vsp.public_key(), clock);
        let scene = Self { sim, store, service, wallet, pool, engine, file };
        scene.until(async || scene.service.vsp.info().status == 200).await;
        scene
    }

    async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < Duration::from_secs(90), "still not so");
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn close(&self, message: Option<&str>) {
        self.service.vsp.terms().closed.set_configured(message.map(str::to_owned));
    }

    /// The height at which tickets are taken now; `None` where none are.
    fn offered_at(&self) -> Option<u32> {
        let info: serde_json::Value = serde_json::from_slice(&self.service.vsp.info().body).unwrap();
        let height = info["blockheight"].as_u64().filter(|_| info["vspclosed"] == false);
        height.map(|height| u32::try_from(height).unwrap())
    }

    async fn fee(&self, ticket: &TicketHash) -> FeeStatus {
        self.store.registered_ticket(ticket).await.unwrap().unwrap().registration.fee
    }

    /// Mines a block once the votes on the one before it are there.
    pub async fn mine(&self) {
        self.sim.mine_when_voted(PATIENCE).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_live_when_it_registers_wins_and_is_voted_in_the_block_after_its_fee_was_taken() {
    let scene = Scene::set().await;
    scene.close(Some("closed for the day"));
    let ticket = scene.wallet.purchase(1).await.unwrap()[0];
    assert_eq!(scene.wallet.stage(&ticket), Some(FeeStage::Unpaid), "the wallet buys whatever it is told");
    scene.sim.never_let_win(&[ticket]);
    for _ in 0..20 {
        scene.mine().await;
    }
    assert_eq!(scene.sim.ticket_state(&ticket), Some(TicketState::Live));

    scene.close(None);
    scene.until(async || scene.offered_at() == Some(scene.sim.height().0)).await;
    scene.wallet.process(&ticket).await.unwrap();
    let paid = scene.store.registered_ticket(&ticket).await.unwrap().unwrap().registration.fee_transaction.unwrap();
    assert_eq!(scene.sim.confirmation(&paid), Some(None), "the node has the fee at once");
    scene.sim.let_win(&[ticket]);
    let drawn = scene.sim.mine_when_voted(PATIENCE).await.unwrap();
    assert_eq!(scene.sim.confirmation(&paid), Some(Some(drawn)));
    assert!(scene.sim.winners(drawn).contains(&ticket));
    assert!(scene.sim.wait_for_vote(&ticket, PATIENCE).await);
    let voted = scene.sim.mine_when_voted(PATIENCE).await.unwrap();
    assert!(scene.sim.votes_in_block(voted).contains(&ticket) && voted == drawn.plus(1));
}

#[tokio::test(start_paused = true)]
async fn a_wallet_buys_registers_pays_hears_that_it_has_paid_and_asks_until_the_fee_is_confirmed() {
    let scene = Scene::set().await;
    let tickets = scene.wallet.purchase(3).await.unwrap();
    assert!(tickets.iter().all(|ticket| scene.wallet.stage(ticket) == Some(FeeStage::Paid)));
    scene.sim.never_let_win(&tickets);
    let follow = futures_util::future::join_all(tickets.iter().map(|ticket| scene.wallet.follow(ticket)));
    let blocks = async {
        loop {
            sleep(Duration::from_secs(150)).await;
            scene.mine().await;
        }
    };
    tokio::select! {
        _ = follow => {}
        () = blocks => {}
    }
    for ticket in &tickets {
        assert_eq!(
            (scene.wallet.stage(ticket), scene.fee(ticket).await),
            (Some(FeeStage::Confirmed), FeeStatus::Confirmed)
        );
    }
    let answers = scene.service.answers.lock().unwrap();
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!((count(("feeaddress", 200)), count(("payfee", 200)), count(("payfee", 3))), (3, 3, 3), "{answers:?}");
    assert!(count(("ticketstatus", 200)) >= 3 && answers.len() == 9 + count(("ticketstatus", 200)), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_bought_while_no_daemon_can_vote() {
    let scene = Scene::set().await;
    scene.sim.node().stop().await;
    scene.until(async || scene.service.vsp.info().status == 503).await;
    let refused = scene.wallet.purchase(1).await.unwrap_err();
    assert_eq!(refused.to_string(), "vspinfo: http 503");
}
