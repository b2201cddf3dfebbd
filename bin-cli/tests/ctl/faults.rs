//! `stakepoolctl status` says of every fault what the web's status page says.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{BlockHeight, Hash160, Network, ScriptAddress, VoteBits, VoteVersion};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::DaemonStatus;
use stakepool_core::ticket::PoolFee;
use stakepool_rpc::grpc::server::Access;
use stakepool_sim::WalletServer;

use crate::scene::{HEIGHT, Scene};
use crate::web::Web;

/// What the web and the command line have in common, by the names of `/status.json`.
const COMMON: [&str; 5] = ["state", "height", "failures", "problems", "warnings"];

/// Runs the web until it says `expected`, and compares what the command line says with it.
async fn agree(scene: &Scene, fault: &str, expected: &str) {
    let web = Web::run(scene).await;
    let mut status = web.status().await;
    let outcome = scene.run(&["status", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&outcome.output).unwrap();
    let mut whole = rows.last().unwrap().clone();
    whole["state"] = whole["pool"].take();
    let common = |of: &Value| COMMON.map(|name| of[name].clone());
    // A connection may have come about too late for the web's first round.
    for _ in 0..100 {
        if common(&status) == common(&whole) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        status = web.status().await;
    }
    web.stop().await;
    assert_eq!(common(&whole), common(&status), "{fault}");
    for (row, report) in rows.iter().zip([&status["daemons"], &status["wallets"]].into_iter().flat_map(list)) {
        assert_eq!(row["problems"], report["problems"], "{fault}");
    }
    let said = format!("{} {}", whole["failures"], whole["problems"]);
    assert!(said.contains(expected), "{fault}: {said}");
    assert_eq!(outcome.code == 0, whole["state"] == "ok", "{fault}: {}", outcome.errors);
}

fn list(array: &Value) -> Vec<Value> {
    array.as_array().unwrap().clone()
}

/// A pool with a user and two daemons and wallets, which the web has served before.
async fn served() -> Scene {
    let scene = Scene::served(2).await;
    scene.register("user@example.org").await;
    agree(&scene, "none", "[] []").await;
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_a_daemon_says_of_itself() {
    let scene = served().await;
    let [cold, _] = scene.keys();
    let other_seed = |status: &mut DaemonStatus| status.wallets[0].account_key = Some(cold.to_string());
    type Change<'a> = &'a dyn Fn(&mut DaemonStatus);
    let faults: [(&str, Change<'_>, &str); 12] = [
        ("a problem of its own", &|status| status.problems.push("the disk is full".to_owned()), "the disk is full"),
        ("another fee", &|status| status.pool_fee = PoolFee::from_percent(5.0).unwrap(), "its poolfees is 5"),
        ("another network", &|status| status.network = Network::Testnet, "its network is testnet"),
        ("another cold wallet", &|status| status.cold_wallet_xpub = "spubOther".to_owned(), "is spubOther"),
        ("a wallet of another seed", &other_seed, "has the account key"),
        ("a wallet that is away", &|status| status.wallets[0].reachable = false, "19557 cannot be reached"),
        ("a locked wallet", &|status| status.wallets[0].unlocked = false, "19557 is locked"),
        ("a wallet that votes by itself", &|status| status.wallets[0].votes_itself = true, "votes by itself"),
        ("far behind", &|status| status.synced_height = Some(BlockHeight(HEIGHT - 50)), "it is 50 blocks behind"),
        ("no node", &|status| status.node_height = None, "no node answers it"),
        ("no block", &|status| status.synced_height = None, "it has not worked through a block yet"),
        ("ahead", &|status| status.node_height = Some(BlockHeight(HEIGHT + 50)), "it is 51 blocks behind"),
    ];
    for (fault, change, expected) in faults {
        let backend = &scene.daemons[1].backend;
        let well = backend.says.lock().unwrap().clone();
        backend.says(change);
        agree(&scene, fault, expected).await;
        backend.says(|status| *status = well);
    }
    agree(&scene, "none any more", "[] []").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_wallet() {
    let scene = served().await;
    type Switch = fn(&WalletServer, bool);
    let faults: [(&str, Switch, &str); 7] = [
        ("locked", |wallet, on| if on { wallet.lock() } else { wallet.unlock() }, "it is locked"),
        ("of another seed", WalletServer::disagree, "a voting wallet disagrees with the pool"),
        ("without its node", |wallet, on| wallet.connected(!on), "it is not connected to its node"),
        ("votes by itself", WalletServer::votes_itself, "it votes by itself"),
        ("refuses the password", |wallet, on| wallet.refuse_credentials(on), "refuses the user name or password"),
        ("overloaded", |wallet, on| wallet.unavailable(on), "cannot be reached"),
        (
            "fails",
            |wallet, on| if on { wallet.fail("walletinfo", -1, "the disk is full") } else { wallet.heal() },
            "the disk is full",
        ),
    ];
    for (fault, switch, expected) in faults {
        switch(scene.wallet(1), true);
        scene.wallet(1).drop_connections();
        agree(&scene, fault, expected).await;
        switch(scene.wallet(1), false);
    }
    scene.wallet(1).stop().await;
    agree(&scene, "away", "only 1 of the 2 voting wallets needed are in service").await;
    scene.wallet(0).stop().await;
    agree(&scene, "both away", "only 0 of the 2 voting wallets needed are in service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_wallets_together() {
    let scene = served().await;
    for number in 0..2 {
        scene.wallet(number).lock();
        scene.wallet(number).connected(false);
    }
    agree(&scene, "all locked and without nodes", "every voting wallet that answers is locked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_daemons_that_are_away() {
    let mut scene = served().await;
    scene.daemons[1].stop().await;
    agree(&scene, "one away", "cannot be reached").await;
    scene.daemons[0].stop().await;
    agree(&scene, "both away", "no voting daemon is known to be able to vote").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_daemons_that_refuse_the_token() {
    for users in [true, false] {
        let scene = Scene::served(2).await;
        if users {
            scene.register("user@example.org").await;
        }
        scene.reconfigure("rpctoken=a", "rpctoken=b");
        agree(&scene, "another token", "refuses our token or certificate").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_daemons_that_offer_the_predecessors_calls_only() {
    for users in [true, false] {
        let scene = Scene::served_with(2, Access::default().with_old_clients(true)).await;
        if users {
            scene.register("user@example.org").await;
        }
        agree(&scene, "without a token", "it has users and tickets by the predecessor's calls only").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_database_without_users() {
    let scene = Scene::served(2).await;
    let voting = VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) };
    let address = ScriptAddress::new(Network::Simnet, Hash160([3; 20]));
    let desired = DesiredState::new([DesiredUser { user: UserId(7), address, voting }], []);
    *scene.daemons[0].backend.wanted.lock().unwrap() = desired;
    agree(&scene, "an empty database", "it keeps its 1 users, because the web's database has none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_database_that_was_overwritten_while_the_web_runs() {
    let scene = served().await;
    let web = Web::run(&scene).await;
    let backup = scene.home.path().join("backup");
    scene.run(&["backup", backup.to_str().unwrap()]).success();
    fs::write(scene.database_file(), fs::read(&backup).unwrap()).unwrap();
    let failure = web.failure("was overwritten").await;
    assert!(failure.contains("stakepoolctl restore"), "{failure}");
    let outcome = scene.run(&["status"]);
    assert_ne!(outcome.code, 0, "{}", outcome.output);
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_database_that_is_gone_while_the_web_runs() {
    let scene = served().await;
    let web = Web::run(&scene).await;
    web.status().await;
    let aside = scene.home.path().join("aside");
    fs::rename(scene.database_file(), &aside).unwrap();
    let failure = web.failure("was removed").await;
    assert!(failure.contains("put the file back"), "{failure}");
    let outcome = scene.run(&["status"]);
    assert_ne!(outcome.code, 0, "{}", outcome.output);
    assert!(outcome.errors.contains(&scene.database_file().display().to_string()), "{}", outcome.errors);
    fs::copy(&aside, scene.database_file()).unwrap();
    web.failure("another file was put in the place").await;
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_configuration() {
    let scene = served().await;
    let [cold, voting] = scene.keys();
    scene.reconfigure(&format!("votingwalletextpub={voting}"), &format!("votingwalletextpub={cold}"));
    let outcome = scene.run(&["status", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&outcome.output).unwrap();
    // Such a pool does not run: no wallet is its own.
    assert_eq!((outcome.code, &rows[4]["pool"]), (1, &json!("down")));
    assert!(rows[4]["warnings"].to_string().contains("are the same key"), "{}", rows[4]);
    assert!(rows[4]["problems"].to_string().contains("but votingwalletextpub is"), "{}", rows[4]);
}
