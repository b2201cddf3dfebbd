//! A pool on a simulated network, with mail, a question against robots, agendas and an administrator.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stakepool::Pool;
use stakepool::daemons::DaemonView;
use stakepool::mail::{SmtpEncryption, SmtpMailer, SmtpOptions};
use stakepool_core::accounts::{Email, PasswordCosts, Registration, User};
use stakepool_core::chain::{Generation, Network, TicketHash, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaChoice, AgendaSource, UserStore, WalletError};
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::FeeTerms;
use stakepool_examples::{PoolOptions, SmallPool, SmallWeb, web_options};
use stakepool_sim::SimNetwork;
use stakepool_web::{CaptchaChoice, Web, WebOptions, WebParts};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::browser::PATIENCE;
use crate::sink::Sink;

/// The password of those who are users from the start.
pub const PASSWORD: &str = "correct horse 42";
pub const ADMINISTRATOR: &str = "admin@example.org";
/// The address of the pool in letters.
const BASE_URL: &str = "http://pool.example";

pub struct Stage {
    pub network: SimNetwork,
    pub pool: SmallPool,
    pub sink: Sink,
    pub web: SmallWeb,
    /// What the web application was started with.
    options: WebOptions,
    _folder: TempDir,
}

pub fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

impl Stage {
    /// A pool without users except its administrator.
    pub async fn set() -> Self {
        let network = SimNetwork::builder().seed(7).voting_wallets(2).crowd(20).height(170).start().await.unwrap();
        let sink = Sink::start().await;
        let folder = tempfile::tempdir().unwrap();
        let options = PoolOptions {
            folder: folder.path().to_owned(),
            fee: fee(),
            share_wallets: true,
            password_costs: PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::ZERO },
            new_pool: false,
            database: None,
            vsp: Some(FeeTerms { fee: fee(), most: None }),
        };
        let pool = SmallPool::start_with(&network, &options, |settings, parts| {
            let mail = SmtpOptions::new(sink.address.to_string(), "pool@example.org");
            let mail = mail.encryption(SmtpEncryption::None);
            parts.mailer = Arc::new(SmtpMailer::new(&mail, "Test pool").unwrap());
            parts.agendas = vec![Arc::new(OneAgenda)];
            settings.site.base_url = BASE_URL.to_owned();
            settings.site.help_email = "help@example.org".to_owned();
        });
        let pool = pool.await.unwrap();
        pool.user(ADMINISTRATOR, PASSWORD, true).await.unwrap();
        let mut options = web_options("127.0.0.1:0".parse().unwrap());
        options.captcha = CaptchaChoice::Own;
        options.admission.addresses = vec!["127.0.0.1".parse().unwrap()].into();
        let web = SmallWeb::start(&pool, options.clone()).await.unwrap();
        Self { network, pool, sink, web, options, _folder: folder }
    }

    /// The address of another instance of the web application, which takes nobody new. It ends with the test.
    pub async fn closed_instance(&self) -> String {
        let open = &self.pool.pool;
        let message = "The pool moves to other servers until Monday.".to_owned();
        let terms = open.terms().clone().closed(Some(message));
        let pool = Arc::new(Pool::new(terms, open.settings().clone(), open.parts().clone()).unwrap());
        let web = Web::bind(self.options.clone(), pool, WebParts::default()).await.unwrap();
        let address = format!("http://{}", web.address());
        tokio::spawn(web.run(std::future::pending()));
        address
    }

    /// A user who has an address.
    pub async fn registered_user(&self, email: &str) -> Registration {
        let user = self.pool.user(email, PASSWORD, false).await.unwrap();
        let key = self.network.buyer_pubkey_address().unwrap().to_string();
        let registration = self.pool.register(user, &key).await.unwrap();
        self.until_daemons_agree().await;
        registration
    }

    /// A user as the database has it now.
    pub async fn user(&self, email: &str) -> User {
        self.pool.database.by_email(&Email::parse(email).unwrap()).await.unwrap().unwrap()
    }

    /// Buys tickets that commit the fee of a pool of so many percent.
    pub fn buy(&self, registration: &Registration, fee: PoolFee, count: u32) -> Vec<TicketHash> {
        self.network.buy_tickets(registration.address, Some(registration.fee_address), fee, count).unwrap()
    }

    /// Mines blocks with all votes of the pool.
    pub async fn mine(&self, blocks: u32) {
        for _ in 0..blocks {
            self.mine_one(&[]).await;
        }
    }

    /// Mines a block once the votes of the pool are there, and those of `added` tickets, of which the voting wallets know
    /// nothing.
    async fn mine_one(&self, added: &[TicketHash]) {
        self.network.wait_for_votes(PATIENCE).await;
        assert!(self.network.missing_votes().is_empty(), "votes of the pool are missing");
        let began = Instant::now();
        let winners = self.network.winners(self.network.height());
        let lacks_vote =
            |ticket: &TicketHash| winners.contains(ticket) && !self.network.waiting_votes().contains(ticket);
        while added.iter().any(lacks_vote) {
            assert!(began.elapsed() < PATIENCE, "votes of added tickets are missing");
            sleep(Duration::from_millis(5)).await;
        }
        self.network.mine(1).await.unwrap();
    }

    /// Mines until a purchased ticket that is in a block can be drawn.
    pub async fn mine_until_mature(&self) {
        self.mine(Network::Simnet.params(Generation::Today).ticket_maturity + 1).await;
    }

    /// Lets tickets be drawn, and mines until all of them have voted.
    pub async fn mine_until_voted(&self, tickets: &[TicketHash]) {
        self.network.let_win(tickets);
        for _ in 0..100 {
            self.mine_one(tickets).await;
            let voted = |ticket| self.network.ticket_state(ticket) == Some(stakepool_core::reports::TicketState::Voted);
            if tickets.iter().all(voted) {
                return;
            }
        }
        let states: Vec<_> = tickets.iter().map(|ticket| (ticket, self.network.ticket_state(ticket))).collect();
        panic!("tickets that did not vote: {states:?}");
    }

    /// Waits until every daemon has the users and added tickets of the database.
    pub async fn until_daemons_agree(&self) {
        let began = Instant::now();
        loop {
            let wanted = self.pool.pool.daemons().desired().await.unwrap().digest().to_string();
            let views = self.pool.pool.daemons().views();
            let has_it = |view: &DaemonView| view.status.as_ref().is_some_and(|status| status.wanted_digest == wanted);
            if views.len() == self.pool.daemons.len() && views.values().all(|view| view.in_sync && has_it(view)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "the daemons do not have what is wanted");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn end(self) {
        self.web.stop().await.unwrap();
        self.pool.stop().await.unwrap();
        self.network.shutdown().await;
    }
}

/// A network that asks its ticket holders something, as the simulated one does not.
struct OneAgenda;

#[async_trait]
impl AgendaSource for OneAgenda {
    async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        let choice = |id: &str, description: &str, bits| {
            let (id, description) = (id.to_owned(), description.to_owned());
            AgendaChoice { id, description, bits }
        };
        Ok(vec![Agenda {
            id: "blocksize".to_owned(),
            description: "Shall blocks be larger?".to_owned(),
            status: "started".to_owned(),
            mask: 0b110,
            choices: vec![
                choice("abstain", "no opinion", 0),
                choice("no", "blocks stay as they are", 0b010),
                choice("yes", "blocks become larger", 0b100),
            ],
        }])
    }
}
