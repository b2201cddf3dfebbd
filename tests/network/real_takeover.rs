//! A pool takes the place of a real vspd while a real wallet runs on: the wallet goes on with the key that it has configured.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::ports::{LedgerStore as _, RegisteredTicket, VspTicketStore as _};
use stakepool_core::reports::VoteOutcome;
use stakepool_core::vsp::{FeeStatus, Outcome};
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::program::Program;
use crate::real::{daemon_configuration, web_configuration};
use crate::real_vsp_stage::free_port;
use crate::simnet::Simnet;
use crate::vspd::Vspd;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// Blocks after which a ticket of vspd's has voted, and after which all have voted or expired.
const MOST_BLOCKS: u32 = 450;
/// The wallet that votes for vspd.
const WALLET: &str = "voter1";
/// The account of the cold wallet that takes the fees.
const ACCOUNT: &str = "vspd";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of the real programs of today, and vspd: STAKEPOOL_SIMNET names its simnet.json, STAKEPOOL_VSPD the program"]
async fn real_wallets_of_a_vspd_go_on_with_the_pool_that_takes_its_place() {
    let mut net = Simnet::from_environment();
    let place = free_port();
    let (mut vspd, fee_key) = start_vspd(&mut net, place).await;
    let key = vspd.info().await["pubkey"].as_str().unwrap().to_owned();
    net.configure_buyer(&vspd.url(), &key).await;
    let before = buy_in_every_state(&mut net, &vspd).await;
    vspd.stop();
    vote_no_more(&mut net).await;

    let pool = Pool::new(&net, &vspd, &fee_key, place).await;
    pool.import(&before, &key).await;
    let mut web = Program::start_new("stakepool-web", &pool.home());
    until("the pool takes tickets", async || vspd.info().await["vspclosed"] == false).await;
    assert_eq!(vspd.info().await["pubkey"], json!(key), "the pool is known by another key");
    let after = pool.buy(&net).await;
    pool.mine_until_all_have_ended(&net, &before, &after).await;
    pool.check(&net, &before, &key).await;
    web.stop();
    pool.daemons.into_iter().for_each(|mut daemon| daemon.stop());
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "still not so: {what}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Starts vspd with a wallet that votes for it; answers where its fees go, too.
async fn start_vspd(net: &mut Simnet, place: std::net::SocketAddr) -> (Vspd, String) {
    net.end(WALLET, "-TERM").await;
    let voting = ["--enablevoting", "--manualtickets"].map(|argument| (argument, argument.to_owned()));
    net.start(WALLET, &voting).await;
    if net.call("cold", "listaccounts", json!([])).await[ACCOUNT].is_null() {
        net.call("cold", "createnewaccount", json!([ACCOUNT])).await;
    }
    let fee_key = net.call("cold", "getmasterpubkey", json!([ACCOUNT])).await.as_str().unwrap().to_owned();
    let vspd = Vspd::start(net, WALLET, &fee_key, place).await;
    until("vspd answers", async || vspd.info().await["pubkey"].is_string()).await;
    (vspd, fee_key)
}

/// Has the wallet of vspd stop voting, as its operator does when it is replaced.
async fn vote_no_more(net: &mut Simnet) {
    // It may hang by then, asked by vspd for what it cannot answer.
    net.end(WALLET, "-KILL").await;
    let command = net.state["servers"][WALLET]["command"].as_array_mut().unwrap();
    command.retain(|argument| argument != "--enablevoting" && argument != "--manualtickets");
    net.start(WALLET, &[]).await;
}

/// Mines a block. vspd asks its wallet what can make it hang for good: then it is started again, as its operator does.
async fn mine_for_vspd(net: &mut Simnet) {
    net.mine().await;
    let answers = timeout(Duration::from_secs(10), net.try_call(WALLET, "getbestblock", json!([]))).await;
    if !answers.is_ok_and(|answer| answer.is_ok()) {
        println!("{WALLET} hangs, and is started again");
        net.end(WALLET, "-KILL").await;
        net.start(WALLET, &[]).await;
    }
}

/// The tickets that vspd knows when it is stopped, by what it said of them.
type Tickets = BTreeMap<String, &'static str>;

/// Buys tickets until vspd knows some that have voted, that are paid for good, that have paid, and that are not mined.
async fn buy_in_every_state(net: &mut Simnet, vspd: &Vspd) -> Tickets {
    let mut tickets = Tickets::new();
    buy_from_vspd(net, vspd, 8, &mut tickets).await;
    let has_voted = |tickets: &Tickets| tickets.keys().any(|ticket| vspd.logged("outcome=voted", ticket));
    for blocks in 0.. {
        assert!(blocks < MOST_BLOCKS, "no ticket of vspd's has voted");
        if has_voted(&tickets) {
            println!("one of {} tickets has voted for vspd after {blocks} blocks", tickets.len());
            break;
        }
        mine_for_vspd(net).await;
    }
    for (count, blocks) in [(3, 8), (2, 2), (1, 0)] {
        buy_from_vspd(net, vspd, count, &mut tickets).await;
        for _ in 0..blocks {
            mine_for_vspd(net).await;
        }
    }
    // Those that were not mined before the price changed are gone for vspd, too.
    tickets.retain(|ticket, _| !vspd.logged("Removing unconfirmed ticket", ticket));
    for (ticket, state) in &mut tickets {
        let logged = |words| vspd.logged(words, ticket);
        *state = match () {
            () if logged("Ticket no longer votable") => "ended",
            () if logged("Fee tx confirmed") => "confirmed",
            () if logged("Fee tx broadcast") => "broadcast",
            () => "received",
        };
    }
    println!("vspd says: {tickets:?}");
    for state in ["ended", "confirmed", "received"] {
        assert!(tickets.values().any(|known| *known == state), "no ticket of vspd's is {state}");
    }
    tickets
}

async fn buy_from_vspd(net: &mut Simnet, vspd: &Vspd, count: u32, tickets: &mut Tickets) {
    for _ in 0..count {
        let ticket = net.buy().await.unwrap();
        until("vspd has the fee", async || vspd.logged("Fee tx received for ticket", &ticket)).await;
        tickets.insert(ticket, "");
        if count > 1 {
            mine_for_vspd(net).await;
        }
    }
}

/// The pool that takes vspd's place: three daemons, and a web to be started.
struct Pool {
    folder: TempDir,
    daemons: Vec<Program>,
    /// The database of vspd.
    theirs: PathBuf,
    database: PathBuf,
}

impl Pool {
    /// Starts the daemons, and writes the web's configuration with what `vsp import-config` makes of vspd's.
    async fn new(net: &Simnet, vspd: &Vspd, fee_key: &str, place: std::net::SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut daemons, mut places) = (Vec::new(), Vec::new());
        for number in 1..=3 {
            let (home, place) = (folder.path().join(format!("daemon{number}")), free_port().to_string());
            fs::create_dir_all(&home).unwrap();
            let text = daemon_configuration(net, number).replace("127.0.0.1:0", &place);
            fs::write(home.join("stakepoold.conf"), text).unwrap();
            daemons.push(Program::start_new("stakepoold", &home));
            let certificate = home.join("rpc.cert");
            until("the daemon has a certificate", async || certificate.exists()).await;
            places.push((place, certificate.display().to_string()));
        }
        let home = folder.path().join("web");
        fs::create_dir_all(&home).unwrap();
        let imported = run(vec!["vsp".into(), "import-config".into(), vspd.configuration().into()], 0).await;
        let base = web_configuration(net, &places).replace("127.0.0.1:0", &place.to_string());
        let lines = imported.lines().filter(|line| !base.lines().any(|known| known == *line));
        let lines: Vec<_> = lines.collect();
        assert!(lines.contains(&"vspfee=5") && lines.contains(&"exccdpassword=file:exccd.password"), "{lines:?}");
        let text = format!("{base}{}\nvspfeexpub={fee_key}\n", lines.join("\n"));
        fs::write(home.join("exccstakepool.conf"), text).unwrap();
        fs::write(home.join("exccd.password"), net.server("node", "password")).unwrap();
        let database = home.join("data/simnet/pool.sqlite");
        Self { folder, daemons, theirs: vspd.database(), database }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("web")
    }

    /// Runs a command of `stakepoolctl` on the pool.
    async fn ctl(&self, words: &[&str]) -> String {
        let home = self.home();
        let mut arguments = vec!["-A".into(), home.clone().into(), "-C".into(), home.join("exccstakepool.conf").into()];
        arguments.extend(words.iter().map(OsString::from));
        run(arguments, 0).await
    }

    async fn import(&self, before: &Tickets, key: &str) {
        let file = self.theirs.display().to_string();
        let answer = self.ctl(&["vsp", "import", &file, "--json"]).await;
        let said: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (&said["pubkey"], &said["imported"], &said["left_out"]),
            (&json!(key), &json!(before.len()), &json!(0)),
            "{answer}"
        );
        for state in said["states"].as_array().unwrap() {
            assert_eq!(state["in_file"], state["in_database"], "{answer}");
        }
        println!("imported: {answer}");
        let again: Value = serde_json::from_str(&self.ctl(&["vsp", "import", &file, "--json"]).await).unwrap();
        assert_eq!((&again["changed"], &again["known"]), (&json!(false), &json!(before.len())), "{again}");
    }

    async fn kept(&self, ticket: &str) -> Option<RegisteredTicket> {
        self.open().await.registered_ticket(&ticket.parse().unwrap()).await.unwrap()
    }

    async fn open(&self) -> Database {
        Database::open_sqlite(&self.database, SqliteOptions::default()).await.unwrap()
    }

    /// Has the wallet buy as before: it knows nothing of the change.
    async fn buy(&self, net: &Simnet) -> String {
        let mut bought = Err(String::new());
        until("the wallet buys", async || {
            bought = net.buy().await;
            bought.is_ok()
        })
        .await;
        let ticket = bought.unwrap();
        let is_paid = async || self.kept(&ticket).await.is_some_and(|kept| kept.registration.fee != FeeStatus::None);
        until("the ticket registers with the pool", is_paid).await;
        println!("{ticket} registered with the pool");
        ticket
    }

    /// Mines until every ticket has ended. One that was never mined is given up by its wallet.
    async fn mine_until_all_have_ended(&self, net: &Simnet, before: &Tickets, after: &str) {
        let database = self.open().await;
        for blocks in 0..MOST_BLOCKS {
            net.mine().await;
            let mut open = 0;
            for ticket in before.keys().map(String::as_str).chain([after]) {
                let kept = database.registered_ticket(&ticket.parse().unwrap()).await.unwrap();
                let is_over = kept.is_none_or(|kept| {
                    kept.registration.outcome.is_some() || kept.registration.fee == FeeStatus::Error
                });
                open += u32::from(!is_over);
            }
            if open == 0 {
                println!("all have ended after {blocks} blocks");
                return;
            }
        }
        panic!("not all have ended");
    }

    /// No ticket was missed, our votes are there, the wallet saw its tickets confirmed, and what we answer is signed with its key.
    async fn check(&self, net: &Simnet, before: &Tickets, key: &str) {
        let database = self.open().await;
        let votes = database.votes(None, 1000).await.unwrap();
        let is_ours = |ticket: &str, outcome: VoteOutcome| {
            votes.iter().any(|vote| vote.record.ticket.to_string() == ticket && vote.record.outcome == outcome)
        };
        let mut ends = BTreeMap::new();
        let mut voted = Vec::new();
        for (ticket, state) in before {
            let Some(kept) = self.kept(ticket).await else { continue };
            let outcome = kept.registration.outcome;
            *ends.entry((*state, kept.registration.fee.name(), outcome.map(Outcome::name))).or_insert(0) += 1;
            assert!(!matches!(outcome, Some(Outcome::Missed | Outcome::Revoked)), "{ticket} was missed");
            if *state != "ended" && outcome == Some(Outcome::Voted) {
                assert!(is_ours(ticket, VoteOutcome::Sent), "{ticket} was voted by somebody else");
                voted.push(ticket);
            }
        }
        println!("by what vspd said, the fee now, and the end: {ends:?}");
        assert!(!voted.is_empty(), "no ticket of vspd's was voted");
        let seen = net.log("buyer").lines().filter(|line| line.contains("is confirmed by VSP")).count();
        println!("{} tickets of vspd's were voted by us; the wallet saw {seen} fees confirmed", voted.len());
        let file = self.folder.path().join("proof.json").display().to_string();
        self.ctl(&["vsp", "proof", voted[0], "--out", &file]).await;
        let arguments = ["vsp", "verify", &file, "--pubkey", key];
        println!("{}", run(arguments.map(OsString::from).to_vec(), 0).await);
    }
}

/// Runs a command of `stakepoolctl`, which ends so.
async fn run(arguments: Vec<OsString>, code: u8) -> String {
    let run = move || {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let streams = stakepoolctl::Streams { input: &mut std::io::empty(), output: &mut output, errors: &mut errors };
        let ended = stakepoolctl::run([OsString::from("stakepoolctl")].into_iter().chain(arguments), streams);
        assert_eq!(ended, code, "{}", String::from_utf8_lossy(&[&output[..], &errors].concat()));
        String::from_utf8(output).unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}
