//! A pool on a simulated network with a user whose tickets are about to win.

use std::time::Duration;

use stakepool::daemons::DaemonView;
use stakepool_core::accounts::{PasswordCosts, Registration, UserId};
use stakepool_core::chain::{Generation, TicketHash};
use stakepool_core::ports::{LedgerStore, TicketQuery};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::PoolFee;
use stakepool_examples::{PoolOptions, SmallPool, SmallWeb, web_options};
use stakepool_sim::SimNetwork;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long anything may take that happens within milliseconds where nothing is wrong.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Scene {
    pub network: SimNetwork,
    pub pool: SmallPool,
    pub user: UserId,
    pub registration: Registration,
    pub folder: TempDir,
}

pub fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

pub fn options(folder: &TempDir) -> PoolOptions {
    PoolOptions {
        folder: folder.path().to_owned(),
        fee: fee(),
        share_wallets: false,
        password_costs: PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO },
        new_pool: false,
        database: None,
        vsp: None,
    }
}

impl Scene {
    /// Three wallets with a daemon each, which share `nodes`.
    pub async fn set(generation: Generation, nodes: usize) -> Self {
        Self::set_with(generation, nodes, |_| {}).await
    }

    /// As [`Scene::set`], with options that `adjust` has the last word on.
    pub async fn set_with(generation: Generation, nodes: usize, adjust: impl FnOnce(&mut PoolOptions)) -> Self {
        let network = SimNetwork::builder().generation(generation).seed(7).nodes(nodes).voting_wallets(3);
        let network = network.crowd(20).height(170).start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&folder);
        adjust(&mut options);
        let pool = SmallPool::start(&network, &options).await.unwrap();
        let user = pool.user("user@example.org", "correct horse 42", false).await.unwrap();
        let key = network.buyer_pubkey_address().unwrap().to_string();
        let registration = pool.register(user, &key).await.unwrap();
        let scene = Self { network, pool, user, registration, folder };
        scene.until("every daemon knows the user", async || scene.daemons_agree().await).await;
        scene
    }

    /// Whether every daemon has the users and added tickets of the database.
    pub async fn daemons_agree(&self) -> bool {
        let wanted = self.pool.pool.daemons().desired().await.unwrap().digest().to_string();
        let views = self.pool.pool.daemons().views();
        let has_it = |view: &DaemonView| view.status.as_ref().is_some_and(|status| status.wanted_digest == wanted);
        views.len() == self.pool.daemons.len() && views.values().all(|view| view.in_sync && has_it(view))
    }

    /// Buys tickets with the pool's fee.
    pub fn buy(&self, count: u32) -> Vec<TicketHash> {
        self.buy_with(Some(fee()), count)
    }

    /// Buys tickets that commit the fee that a pool of so many percent asks, or none.
    pub fn buy_with(&self, paid: Option<PoolFee>, count: u32) -> Vec<TicketHash> {
        let to = paid.map(|_| self.registration.fee_address);
        self.network.buy_tickets(self.registration.address, to, paid.unwrap_or(fee()), count).unwrap()
    }

    /// Mines blocks, waiting for the pool's votes on each; answers how many of those did not come.
    pub async fn mine(&self, blocks: u32) -> usize {
        self.mine_with(blocks, &[]).await
    }

    /// The same where the pool votes for `added` tickets, too, which its wallets do not accept by themselves.
    pub async fn mine_with(&self, blocks: u32, added: &[TicketHash]) -> usize {
        let mut missing = 0;
        for _ in 0..blocks {
            self.network.wait_for_votes(PATIENCE).await;
            let began = Instant::now();
            while !self.lacking(added).is_empty() && began.elapsed() < PATIENCE {
                sleep(Duration::from_millis(5)).await;
            }
            missing += self.network.missing_votes().len() + self.lacking(added).len();
            self.network.mine(1).await.unwrap();
        }
        missing
    }

    /// Those of `tickets` that won the best block and whose vote has not arrived.
    fn lacking(&self, tickets: &[TicketHash]) -> Vec<TicketHash> {
        let votes = self.network.waiting_votes();
        let mut winners = self.network.winners(self.network.height());
        winners.retain(|winner| tickets.contains(winner) && !votes.contains(winner));
        winners
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE * 3, "still not so: {what}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn ledger(&self, ticket: &TicketHash) -> Option<TicketReport> {
        self.pool.database.ticket(ticket).await.unwrap()
    }

    pub async fn ledger_count(&self, state: TicketState, ignored: bool) -> u64 {
        let query = TicketQuery {
            user: Some(self.user),
            states: vec![state],
            ignored: Some(ignored),
            limit: 1,
            ..TicketQuery::default()
        };
        self.pool.database.tickets(&query).await.unwrap().total
    }

    /// Puts a web application in front of the pool.
    pub async fn web(&self) -> SmallWeb {
        SmallWeb::start(&self.pool, web_options("127.0.0.1:0".parse().unwrap())).await.unwrap()
    }

    pub async fn end(self) {
        self.pool.stop().await.unwrap();
        self.network.shutdown().await;
    }
}
