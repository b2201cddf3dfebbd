//! The pool on the real programs: `exccd` and `exccwallet`, today's or those of 2018.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use stakepool_config::{Invocation, load_daemon, load_web};
use stakepool_core::ports::{LedgerStore, TicketQuery};
use stakepool_core::reports::{TicketReport, TicketState, VoteOutcome};
use stakepool_core::voting::FirstSigner;
use stakepool_db::{Database, SqliteOptions};
use stakepool_examples::PoolDaemon;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::browser::{Browser, between};
use crate::real_money;
use crate::simnet::Simnet;

/// Blocks after which every ticket must have voted or expired.
const MOST_BLOCKS: u32 = 400;
const TOKEN: &str = "a-token-for-the-real-network-test";

/// The daemon's configuration file beside a wallet.
pub fn daemon_configuration(net: &Simnet, number: usize) -> String {
    let wallet = format!("voter{number}");
    format!(
        "[Application Options]\nsimnet=1\ncoldwalletextpub={}\npoolfees={}\nrpclisten=127.0.0.1:0\nrpctoken={TOKEN}\n\
         exccdhost={}\nexccduser={}\nexccdpassword={}\nexccdcert={}\n\
         wallethost={}\nwalletuser={}\nwalletpassword={}\nwalletcert={}\n",
        net.text("coldwalletextpub"),
        net.state["pool_fees"],
        net.server("node", "host"),
        net.server("node", "user"),
        net.server("node", "password"),
        net.server("node", "cert"),
        net.server(&wallet, "host"),
        net.server(&wallet, "user"),
        net.server(&wallet, "password"),
        net.server(&wallet, "cert"),
    )
}

pub fn web_configuration(net: &Simnet, daemons: &[(String, String)]) -> String {
    let wallets = ["voter1", "voter2", "voter3"];
    let list = |key: &str| wallets.map(|wallet| net.server(wallet, key)).join(",");
    let (hosts, certificates): (Vec<_>, Vec<_>) = daemons.iter().cloned().unzip();
    format!(
        "[Application Options]\nsimnet=1\nnewpool=1\nlisten=127.0.0.1:0\ncaptcha=none\nbaseurl=http://localhost\napisecret=an-api-secret-of-thirty-two-characters\n\
         cookiesecret=a-cookie-secret-of-thirty-two-characters\ncoldwalletextpub={}\nvotingwalletextpub={}\npoolfees={}\nrpctoken={TOKEN}\n\
         wallethosts={}\nwalletusers={}\nwalletpasswords={}\nwalletcerts={}\nstakepooldhosts={}\nstakepooldcerts={}\n",
        net.text("coldwalletextpub"),
        net.text("votingwalletextpub"),
        net.state["pool_fees"],
        list("host"),
        list("user"),
        list("password"),
        list("cert"),
        hosts.join(","),
        certificates.join(","),
    )
}

/// The arguments of a program whose home is a folder with its configuration file.
fn arguments(home: &Path, file: &str, text: &str) -> Vec<std::ffi::OsString> {
    fs::create_dir_all(home).unwrap();
    fs::write(home.join(file), text).unwrap();
    vec![format!("--appdata={}", home.display()).into(), format!("--configfile={}", home.join(file).display()).into()]
}

/// The seed of the real network's voting wallets.
const VOTING_SEED: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const PASSPHRASE: &str = "gull anvil ferry nine";

/// Makes the voting wallets' key file, and gives the lines with which a daemon uses it.
fn key_configuration(net: &Simnet, home: &Path, first: FirstSigner) -> String {
    let (file, xpub) = (home.join("voting.key").display().to_string(), net.text("votingwalletextpub"));
    fs::create_dir_all(home).unwrap();
    let arguments =
        ["stakepoolctl", "chain", "voting-key", "--network", "simnet", "--xpub", xpub, "--out", &file, "--stdin"];
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let input = format!("{VOTING_SEED}\n{PASSPHRASE}\n");
    let streams = stakepoolctl::Streams { input: &mut input.as_bytes(), output: &mut output, errors: &mut errors };
    let code = stakepoolctl::run(arguments.map(std::ffi::OsString::from), streams);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&errors));
    let signer = if first == FirstSigner::Key { "key" } else { "wallet" };
    format!("votingkey=voting.key\nvotingkeypass={PASSPHRASE}\nvotingsigner={signer}\n")
}

async fn start_daemon(net: &Simnet, folder: &Path, number: usize, key: Option<FirstSigner>) -> PoolDaemon {
    let home = folder.join(format!("daemon{number}"));
    let key = key.map(|first| key_configuration(net, &home, first)).unwrap_or_default();
    let arguments = arguments(&home, "stakepoold.conf", &(daemon_configuration(net, number) + &key));
    let invocation = load_daemon(arguments.into_iter(), &|_| None, &|path| fs::read(path)).unwrap();
    let Invocation::Run(config) = invocation else { panic!("not asked to run") };
    PoolDaemon::start_new(stakepoold::options_from_config(*config).await.unwrap()).await.unwrap()
}

pub struct RealPool {
    pub net: Simnet,
    folder: tempfile::TempDir,
    daemons: Vec<PoolDaemon>,
    pub database: Database,
    pub url: String,
    stop_web: oneshot::Sender<()>,
    web: tokio::task::JoinHandle<()>,
}

impl RealPool {
    /// The web and three daemons, from configuration files.
    async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same with daemons that have the voting wallets' key, and with who signs first.
    pub async fn start_with(key: Option<FirstSigner>) -> Self {
        let net = Simnet::from_environment();
        let folder = tempfile::tempdir().unwrap();
        let mut daemons = Vec::new();
        for number in 1..=3 {
            daemons.push(start_daemon(&net, folder.path(), number, key).await);
        }
        let places: Vec<_> = daemons
            .iter()
            .map(|daemon| (daemon.address().to_string(), daemon.options().certificate.display().to_string()))
            .collect();
        let home = folder.path().join("web");
        let arguments = arguments(&home, "exccstakepool.conf", &web_configuration(&net, &places));
        let invocation = load_web(arguments.into_iter(), &|_| None, &|path| fs::read(path)).unwrap();
        let Invocation::Run(config) = invocation else { panic!("not asked to run") };
        let stakepool_config::Database::Sqlite(path) = config.database.clone() else { panic!("another engine") };
        let (stop_web, stopped) = oneshot::channel::<()>();
        let (bound, address) = oneshot::channel();
        let web = tokio::spawn(async move {
            let started = |address: stakepool_web::BoundAddress| bound.send(address.to_string()).unwrap();
            let shutdown = async {
                let _ = stopped.await;
            };
            stakepool_web::run_configured(*config, started, shutdown).await.unwrap();
        });
        let url = format!("http://{}", address.await.unwrap());
        let database = Database::open_sqlite(path, SqliteOptions::default()).await.unwrap();
        Self { net, folder, daemons, database, url, stop_web, web }
    }

    /// Starts the daemons again, on the same data, with another one to sign first.
    pub async fn with_signer(mut self, first: FirstSigner) -> Self {
        for daemon in &mut self.daemons {
            let mut options = daemon.options().clone();
            daemon.stop().await.unwrap();
            options.voting_key.as_mut().unwrap().1 = first;
            *daemon = PoolDaemon::start_new(options).await.unwrap();
        }
        self
    }

    pub async fn tickets(&self) -> BTreeMap<String, TicketReport> {
        let query = TicketQuery { limit: 1000, ..TicketQuery::default() };
        let page = self.database.tickets(&query).await.unwrap();
        page.tickets.into_iter().map(|report| (report.ticket.to_string(), report)).collect()
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < Duration::from_secs(60), "still not so: {what}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn buy(&self, address: &str, count: u32, fee: Option<(&str, f64)>) -> Vec<String> {
        let mut params = vec![json!("default"), json!(100_000), json!(1), json!(address), json!(count)];
        if let Some((to, percent)) = fee {
            params.extend([json!(to), json!(percent)]);
        }
        let bought = self.net.call("buyer", "purchaseticket", Value::Array(params)).await;
        // A single ticket is answered as a text by one generation.
        match bought {
            Value::Array(hashes) => hashes.iter().map(|hash| hash.as_str().unwrap().to_owned()).collect(),
            other => vec![other.as_str().unwrap().to_owned()],
        }
    }

    pub async fn stop(self) {
        self.stop_web.send(()).unwrap();
        self.web.await.unwrap();
        for daemon in &self.daemons {
            daemon.stop().await.unwrap();
        }
    }
}

/// Signs a user up and registers a key of the buyer's; answers the user's browser, and what a wallet is told for buying.
pub async fn register(net: &Simnet, url: &str) -> (Browser, Value) {
    let mut browser = Browser::new(url);
    let (email, password) = ("real@example.org", "correct horse 42");
    let fields = [("email", email), ("password", password), ("passwordrepeat", password)];
    let signed_up = browser.submit("/signup", &fields).await;
    assert!(signed_up.status.is_success() || signed_up.status.is_redirection(), "{}", signed_up.body);
    let signed_in = browser.submit("/signin", &[("email", email), ("password", password)]).await;
    assert!(signed_in.location.is_some(), "{}", signed_in.body);
    let settings = browser.submit("/settings", &[("showApiKey", "true"), ("password", password)]).await.body;
    let key = between(&settings, "id=\"api-key\"", "</textarea>").split_once('>').unwrap().1.to_owned();
    let nothing = browser.api(Method::GET, "getpurchaseinfo", &key, "").await;
    assert_eq!(nothing["message"], "purchaseinfo error - no address submitted");
    let address = net.buyer_key().await;
    let answer = browser.api(Method::POST, "address", &key, &format!("UserPubKeyAddr={address}")).await;
    assert_eq!(answer["message"], "address successfully imported", "{answer}");
    let info = browser.api(Method::GET, "getpurchaseinfo", &key, "").await;
    assert_eq!(info["status"], "success", "{info}");
    let page = browser.get("/tickets/backup").await.body;
    assert!(page.contains(info["data"]["TicketAddress"].as_str().unwrap()));
    (browser, info["data"].clone())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of the real programs: STAKEPOOL_SIMNET names its simnet.json"]
async fn real_a_user_registers_and_buys_and_every_winner_is_voted() {
    let pool = RealPool::start().await;
    let (mut browser, info) = register(&pool.net, &pool.url).await;
    let text = |key: &str| info[key].as_str().unwrap();
    let (address, fee_address) = (text("TicketAddress"), text("PoolAddress"));
    let percent = info["PoolFees"].as_f64().unwrap();
    pool.net.call("buyer", "importscript", json!([text("Script")])).await;

    let good = pool.buy(address, 10, Some((fee_address, percent))).await;
    let low = pool.buy(address, 2, Some((fee_address, 1.0))).await;
    let free = pool.buy(address, 1, None).await;
    assert_eq!((good.len(), low.len(), free.len()), (10, 2, 1));
    // A purchase that waits for the next stake difficulty is mined a little later.
    for _ in 0..12 {
        pool.net.mine().await;
        if pool.tickets().await.len() == 13 {
            break;
        }
    }
    pool.until("13 tickets are in the ledger", async || pool.tickets().await.len() == 13).await;
    let tickets = pool.tickets().await;
    let verdict = |hash: &String| serde_json::to_value(tickets[hash].facts.verdict).unwrap();
    assert!(good.iter().all(|hash| verdict(hash) == "accepted"), "{tickets:#?}");
    assert!(low.iter().all(|hash| verdict(hash) == "low_fee"), "{tickets:#?}");
    assert_eq!(verdict(&free[0]), "unknown_fee_address");

    add_ticket(&pool, &low[0]).await;
    let bought = Bought { good, added: low[0].clone(), ignored: vec![low[1].clone(), free[0].clone()] };
    watch(&pool, &bought).await;
    check_votes(&pool).await;
    compare_with_the_wallet(&pool, &mut browser, address, &bought).await;
    let votes = real_money::compare(&pool.net, &mut browser).await;
    println!("prices, fees and the rewards of {votes} votes are what the buyer's wallet has");
    pool.stop().await;
}

/// An administrator adds an ignored ticket on the command line.
async fn add_ticket(pool: &RealPool, hash: &str) {
    let home = pool.folder.path().join("web");
    let (file, hash_argument) = (home.join("exccstakepool.conf"), hash.to_owned());
    let run = move || {
        let (file, home) = (file.display().to_string(), home.display().to_string());
        let arguments = ["stakepoolctl", "-C", &file, "-A", &home, "tickets", "add", &hash_argument];
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let streams = stakepoolctl::Streams { input: &mut std::io::empty(), output: &mut output, errors: &mut errors };
        let code = stakepoolctl::run(arguments.map(std::ffi::OsString::from), streams);
        (code, String::from_utf8_lossy(&[output, errors].concat()).into_owned())
    };
    let (code, told) = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(code, 0, "{told}");
    pool.until("the ticket is added", async || pool.tickets().await[hash].added).await;
}

/// The user's tickets.
struct Bought {
    /// Those that paid the fee.
    good: Vec<String>,
    /// The one that an administrator added although it paid too little.
    added: String,
    /// Those that stay ignored.
    ignored: Vec<String>,
}

/// Whether the node calls every ticket live that our ledger calls so, and none of `tickets` is immature any more.
async fn all_became_live(pool: &RealPool, tickets: &[String]) -> bool {
    let answer = pool.net.call("node", "livetickets", json!([])).await;
    let live: BTreeSet<_> = answer["tickets"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let ours = pool.tickets().await;
    tickets.iter().all(|hash| match ours[hash].state {
        TicketState::Live => live.contains(hash.as_str()),
        // It was live, and won since.
        TicketState::Voted => true,
        _ => false,
    })
}

/// Mines until all of the pool's tickets have voted or expired.
async fn watch(pool: &RealPool, bought: &Bought) {
    let ours: Vec<_> = bought.good.iter().chain([&bought.added]).collect();
    let ignored = &bought.ignored;
    let (mut blocks, mut became_live) = (0, false);
    loop {
        pool.net.mine().await;
        blocks += 1;
        let tickets = pool.tickets().await;
        let in_state = |state| ours.iter().filter(|hash| tickets[**hash].state == state).count();
        assert_eq!(in_state(TicketState::Missed), 0, "missed after {blocks} blocks: {tickets:#?}");
        assert!(ignored.iter().all(|hash| tickets[hash].state != TicketState::Voted && tickets[hash].is_ignored()));
        if !became_live && bought.good.iter().all(|hash| tickets[hash].state != TicketState::Immature) {
            pool.until("node and ledger call the ten live", async || all_became_live(pool, &bought.good).await).await;
            println!("all {} that paid the fee are live after {blocks} blocks", bought.good.len());
            became_live = true;
        }
        let (voted, expired) = (in_state(TicketState::Voted), in_state(TicketState::Expired));
        if voted + expired == ours.len() {
            assert!(became_live && voted > 0, "no ticket ever won");
            println!("{voted} voted and {expired} expired within {blocks} blocks");
            match tickets[&bought.added].state {
                TicketState::Voted => println!("the ticket that was added voted"),
                _ => println!("NOT SHOWN: the ticket that was added EXPIRED WITHOUT WINNING; run the test once more"),
            }
            break;
        }
        assert!(blocks < MOST_BLOCKS, "{voted} of {} voted after {blocks} blocks", ours.len());
    }
}

/// No vote failed, and how long they took.
async fn check_votes(pool: &RealPool) {
    let votes = pool.database.votes(None, 1000).await.unwrap();
    let sent: Vec<_> = votes.iter().filter(|vote| vote.record.outcome == VoteOutcome::Sent).collect();
    let failed: Vec<_> = votes.iter().filter(|vote| !vote.record.outcome.is_cast()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let mut times: Vec<_> = sent.iter().map(|vote| vote.record.timings.total).collect();
    times.sort();
    let own: Vec<_> =
        sent.iter().map(|v| v.record.timings.total - v.record.timings.signing - v.record.timings.sending).collect();
    println!(
        "{} votes sent, {} records; from notification to the node's answer: median {:?}, slowest {:?}; our own share at most {:?}",
        sent.len(),
        votes.len(),
        times[times.len() / 2],
        times.last().unwrap(),
        own.iter().max().unwrap()
    );
}

/// What the wallet says of the user's tickets is what our ledger and the user's page say.
async fn compare_with_the_wallet(pool: &RealPool, browser: &mut Browser, address: &str, bought: &Bought) {
    let theirs = pool.net.call("voter1", "stakepooluserinfo", json!([address])).await;
    let tickets = pool.tickets().await;
    let list = |key: &str| theirs[key].as_array().cloned().unwrap_or_default();
    let shown = browser.shown_tickets().await;
    let mut compared = BTreeSet::new();
    for ticket in list("tickets") {
        let report = &tickets[ticket["ticket"].as_str().unwrap()];
        // Expired tickets are told by the wallet only after their revocation.
        if ticket["status"] == "live" && report.state == TicketState::Expired {
            continue;
        }
        let status = ticket["status"].as_str().unwrap();
        assert_eq!(status, report.state.name(), "{report:?}");
        assert_eq!(ticket["ticketheight"], json!(report.facts.mined_at));
        assert!(shown[status].contains(&report.ticket.to_string()), "{report:?} is not among {:?}", shown[status]);
        compared.insert(report.ticket.to_string());
    }
    let mut invalid: Vec<_> = list("invalid").iter().map(|hash| hash.as_str().unwrap().to_owned()).collect();
    let mut ignored: Vec<_> = tickets
        .values()
        .filter(|r| r.facts.verdict != stakepool_core::ticket::Verdict::Accepted)
        .map(|r| r.ticket.to_string())
        .collect();
    invalid.sort();
    ignored.sort();
    assert_eq!(invalid, ignored);
    // The page shows the pool's view: what the wallet calls invalid is ignored, save what was added.
    invalid.retain(|hash| *hash != bought.added);
    assert_eq!(shown["ignored"], invalid.iter().cloned().collect());
    assert!(shown["voted"].contains(&bought.added) || shown["expired"].contains(&bought.added), "{shown:?}");
    let of_ours = shown.iter().filter(|(list, _)| **list != "ignored").flat_map(|(_, hashes)| hashes);
    assert_eq!(of_ours.cloned().collect::<BTreeSet<_>>(), bought.good.iter().chain([&bought.added]).cloned().collect());
    let (agreed, invalid) = (compared.len(), invalid.len());
    println!("wallet, ledger and page agree on {agreed} tickets, {invalid} ignored ones and the one that was added");
}
