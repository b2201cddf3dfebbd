//! Two webs on one MariaDB, three daemons, each a process, and the real buyer's wallet with the pool configured.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{DatabaseServer, RegisteredTicket, VspTicketStore as _};
use stakepool_core::vsp::{FeeStatus, RecordKind};
use stakepool_db::Database;
use stakepool_sim::{HttpVspServer, VspServer as _};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::balancer::balance;
use crate::mariadb::MariaDb;
use crate::program::Program;
use crate::real::{daemon_configuration, web_configuration};
use crate::simnet::Simnet;

/// How long anything may take: a lease of a web that was killed lasts 30 seconds.
const PATIENCE: Duration = Duration::from_secs(90);
/// The account of the cold wallet that takes the fees.
const ACCOUNT: &str = "vsp";

/// An address on this machine on which nobody listens.
pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub struct Stage {
    pub net: Simnet,
    /// The database; away only while it is being killed.
    pub server: Option<MariaDb>,
    reached: DatabaseServer,
    pub database: Database,
    pub webs: Vec<Program>,
    pub daemons: Vec<Program>,
    /// Where wallets go: to either web.
    pub url: String,
    fee_key: String,
    places: [SocketAddr; 2],
    certificates: Vec<(String, String)>,
    /// Where the wallet's log began.
    log: usize,
    folder: TempDir,
}

impl Stage {
    pub async fn set() -> Self {
        let (net, server, folder) = (Simnet::from_environment(), MariaDb::start(), tempfile::tempdir().unwrap());
        let known = net.call("cold", "listaccounts", json!([])).await;
        if known[ACCOUNT].is_null() {
            net.call("cold", "createnewaccount", json!([ACCOUNT])).await;
        }
        let fee_key = net.call("cold", "getmasterpubkey", json!([ACCOUNT])).await.as_str().unwrap().to_owned();
        let (mut daemons, mut certificates) = (Vec::new(), Vec::new());
        for number in 1..=3 {
            let (home, place) = (folder.path().join(format!("daemon{number}")), free_port());
            fs::create_dir_all(&home).unwrap();
            let text = daemon_configuration(&net, number).replace("127.0.0.1:0", &place.to_string());
            fs::write(home.join("stakepoold.conf"), text).unwrap();
            daemons.push(Program::start_new("stakepoold", &home));
            let certificate = home.join("rpc.cert");
            while !certificate.exists() {
                sleep(Duration::from_millis(50)).await;
            }
            certificates.push((place.to_string(), certificate.display().to_string()));
        }
        let places = [free_port(), free_port()];
        let url = format!("http://{}", balance(places.to_vec()).await);
        let database = Database::open_mysql(server.database()).await.unwrap();
        let log = net.log("buyer").len();
        let reached = server.database();
        let webs = Vec::new();
        let mut stage = Self {
            net,
            server: Some(server),
            reached,
            database,
            webs,
            daemons,
            url,
            fee_key,
            places,
            certificates,
            log,
            folder,
        };
        stage.configure("vspfee=5");
        for web in 0..2 {
            stage.webs.push(Program::start_new("stakepool-web", &stage.home(web)));
            stage.until("the web has its key file", async || stage.home(0).join("data/simnet/vsp.key").exists()).await;
            let (from, to) = (stage.home(0).join("data/simnet"), stage.home(1).join("data/simnet"));
            fs::create_dir_all(&to).unwrap();
            fs::copy(from.join("vsp.key"), to.join("vsp.key")).unwrap();
        }
        stage.until_open().await;
        stage
    }

    /// One web by itself: the other one may know of a change of an account a little later.
    pub fn first_web(&self) -> String {
        format!("http://{}", self.places[0])
    }

    fn home(&self, web: usize) -> PathBuf {
        self.folder.path().join(format!("web{web}"))
    }

    /// Writes the files of both webs, with these lines.
    pub fn configure(&self, lines: &str) {
        for (web, place) in self.places.iter().enumerate() {
            let home = self.home(web);
            fs::create_dir_all(&home).unwrap();
            let server = &self.reached;
            let socket = server.socket.as_ref().unwrap();
            let text = web_configuration(&self.net, &self.certificates).replace("127.0.0.1:0", &place.to_string());
            let node = |key| self.net.server("node", key);
            let text = format!(
                "{text}dbsocket={}\ndbuser={}\ndbname={}\ndbpassword={}\nvsp=1\nvspfeexpub={}\nexccdhost={}\nexccduser={}\nexccdpassword={}\nexccdcert={}\n{lines}\n",
                socket.display(),
                server.user,
                server.name,
                server.password.expose(),
                self.fee_key,
                node("host"),
                node("user"),
                node("password"),
                node("cert"),
            );
            fs::write(home.join("exccstakepool.conf"), text).unwrap();
        }
    }

    /// Has both webs read their files again.
    pub fn reload(&self) {
        self.webs.iter().for_each(Program::reload);
    }

    /// Stops both webs and starts them.
    pub async fn restart_webs(&mut self) {
        self.webs.iter_mut().for_each(Program::stop);
        self.webs.iter_mut().for_each(Program::start);
        self.until_open().await;
    }

    /// The status and body of a web's `vspinfo`; 0 where nobody answers.
    async fn info(&self, web: SocketAddr) -> (u16, Value) {
        match timeout(Duration::from_secs(10), HttpVspServer::new(web).info()).await {
            Ok(Ok(answer)) => (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()),
            _ => (0, Value::Null),
        }
    }

    /// Waits until `vspinfo` of both webs is so.
    pub async fn until_offered(&self, what: &str, is_so: impl Fn(u16, &Value) -> bool) {
        self.until(what, async || {
            let (one, other) = (self.info(self.places[0]).await, self.info(self.places[1]).await);
            is_so(one.0, &one.1) && is_so(other.0, &other.1)
        })
        .await;
    }

    /// Waits until both webs take tickets.
    pub async fn until_open(&self) {
        self.until_offered("tickets are taken", |status, info| status == 200 && info["vspclosed"] == false).await;
    }

    /// Waits until both webs say that no ticket can be taken.
    pub async fn until_refused(&self) {
        self.until_offered("both webs say 503", |status, _| status == 503).await;
    }

    /// Starts the buyer's wallet with the pool configured.
    pub async fn configure_buyer(&mut self) {
        let key = self.info(self.places[0]).await.1["pubkey"].as_str().unwrap().to_owned();
        self.net.configure_buyer(&self.url, &key).await;
    }

    /// Buys a ticket, which registers.
    pub async fn take(&self) -> String {
        let ticket = self.net.buy().await.unwrap();
        self.until(&format!("{ticket} is registered"), async || self.is_paid(&ticket).await).await;
        ticket
    }

    /// Registers a ticket that was bought, where it is not yet. False where the wallet has given it up: it does so when the price
    /// changes before the ticket is mined.
    pub async fn register_again(&self, ticket: &str) -> bool {
        if !self.is_paid(ticket).await {
            // Where the pool has the fee already, the wallet says so: what counts is what the pool has.
            let _ = self.net.try_call("buyer", "processunmanagedticket", json!([ticket])).await;
        }
        let mut is_there = true;
        self.until(&format!("{ticket} is registered"), async || {
            is_there = self.net.try_call("buyer", "gettransaction", json!([ticket])).await.is_ok();
            !is_there || self.is_paid(ticket).await
        })
        .await;
        is_there
    }

    pub async fn mine(&self, blocks: u32) {
        for _ in 0..blocks {
            self.net.mine().await;
        }
    }

    pub async fn kept(&self, ticket: &str) -> Option<RegisteredTicket> {
        let hash: TicketHash = ticket.parse().unwrap();
        self.database.registered_ticket(&hash).await.ok().flatten()
    }

    pub async fn is_paid(&self, ticket: &str) -> bool {
        let kept = self.kept(ticket).await;
        kept.is_some_and(|kept| !matches!(kept.registration.fee, FeeStatus::None | FeeStatus::Error))
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE, "still not so: {what}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Tickets that the wallet's log says of something since the test began.
    pub fn logged(&self, words: &str) -> usize {
        self.net.log("buyer")[self.log..].lines().filter(|line| line.contains(words)).count()
    }

    /// How many tickets ended in which way; those that still live count as the empty word.
    pub async fn ends(&self, tickets: &[String]) -> BTreeMap<&'static str, usize> {
        let mut ends = BTreeMap::new();
        for ticket in tickets {
            let outcome = self.kept(ticket).await.and_then(|kept| kept.registration.outcome);
            *ends.entry(outcome.map_or("", |outcome| outcome.name())).or_default() += 1;
        }
        ends
    }

    /// Insists that no fee address was given twice, and that each ticket has one payment on record.
    pub async fn check_payments(&self, tickets: &[String]) {
        let mut addresses = BTreeMap::new();
        for ticket in tickets {
            let kept = self.kept(ticket).await.unwrap();
            let before = addresses.insert(kept.registration.fee_address.index, ticket);
            assert_eq!(before, None, "{ticket} has the same fee address");
            let records = self.database.records(&kept.registration.ticket).await.unwrap();
            let payments = records.iter().filter(|record| record.kind == RecordKind::PayFee).count();
            assert_eq!(payments, 1, "{ticket}");
        }
    }
}
