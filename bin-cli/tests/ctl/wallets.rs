//! `stakepoolctl wallets`: the wallets beside the database.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::chain::BlockHeight;
use tokio::time::Instant;

use crate::scene::{Outcome, Scene};
use crate::web::Web;

/// The list that a command answered which found something wrong.
fn wrong(outcome: Outcome) -> Vec<Value> {
    assert_eq!(outcome.code, 1, "{} {}", outcome.output, outcome.errors);
    serde_json::from_str(&outcome.output).unwrap()
}

/// Users with addresses, registered at heights from 150 down.
async fn users(scene: &Scene, count: u32) {
    let database = scene.database().await;
    for number in 0..count {
        scene.register_in(&database, &format!("u{number}@example.org"), BlockHeight(150 - number % 50)).await;
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_wallet_lacks_is_named_and_brought_over_with_one_rescan_from_the_lowest_height() {
    let scene = Scene::served(1).await;
    users(&scene, 3).await;
    let lacking = wrong(scene.run(&["wallets", "check", "--json"]));
    for wallet in &lacking {
        assert_eq!((&wallet["users"], &wallet["scripts"], &wallet["unlocked"]), (&json!(3), &json!(0), &json!(true)));
        let missing = wallet["missing"].as_array().unwrap();
        assert_eq!(
            (missing.len(), &missing[0]["key_index"], &missing[2]["registered_at"]),
            (3, &json!(1), &json!(148))
        );
        let problem = wallet["problems"][0].as_str().unwrap();
        assert!(problem.contains("key indexes 1, 2, 3") && problem.contains("wallets sync"), "{problem}");
    }
    assert!(scene.wallet(0).scripts().is_empty(), "looking changes nothing");

    let synced = scene.run(&["wallets", "sync", "--json"]).json();
    for number in 0..2 {
        let wallet = &synced[number];
        assert_eq!((&wallet["synced"], &wallet["imported_scripts"]), (&json!(true), &json!(3)), "{wallet}");
        assert_eq!((&wallet["rescanned_from"], scene.wallet(number).calls("rescanwallet")), (&json!(148), 1));
        assert_eq!(scene.wallet(number).scripts().len(), 3);
    }
    let checked = scene.run(&["wallets", "check"]).success();
    assert!(checked.contains("scripts   3") && checked.contains("problems  none"), "{checked}");
    let again = scene.run(&["wallets", "sync"]).success();
    assert_eq!(again.matches("none was missing").count(), 2, "{again}");
    assert_eq!(scene.wallet(0).calls("rescanwallet"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_away_locked_or_of_another_seed_is_named_and_the_others_are_brought_up_to_date() {
    let scene = Scene::with_wallets(3).await;
    users(&scene, 2).await;
    scene.wallet(0).stop().await;
    scene.wallet(1).disagree(true);
    scene.wallet(2).lock();
    let checked = wrong(scene.run(&["wallets", "check", "--json"]));
    for (wallet, words) in checked.iter().zip(["cannot be reached", "it is of another seed", "it is locked"]) {
        assert!(wallet["problems"][0].as_str().unwrap().contains(words), "{wallet}");
    }
    assert_eq!((&checked[0]["missing"], &checked[1]["missing"]), (&Value::Null, &Value::Null));
    let synced = wrong(scene.run(&["wallets", "sync", "--json"]));
    for (wallet, words) in synced.iter().zip(["cannot be reached", "it is of another seed"]) {
        assert!(wallet["error"].as_str().unwrap().contains(words), "{wallet}");
    }
    assert_eq!((&synced[2]["error"], &synced[2]["imported_scripts"]), (&Value::Null, &json!(2)));
    assert!(scene.wallet(1).scripts().is_empty(), "another pool's wallet is given nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_whom_only_the_wallets_know_are_listed_with_their_key_indexes() {
    let scene = Scene::served(1).await;
    let backup = scene.home.path().join("yesterday.sqlite").display().to_string();
    users(&scene, 1).await;
    scene.run(&["backup", &backup]).success();
    let (_, lost) = scene.register("late@example.org").await;
    scene.run(&["wallets", "sync"]).success();
    fs::remove_file(scene.database_file()).unwrap();
    scene.run(&["restore", &backup]).success();
    let checked = wrong(scene.run(&["wallets", "check", "--json"]));
    for wallet in &checked {
        let unknown = json!([{"key_index": 2, "address": lost.address, "live_tickets": 0}]);
        assert_eq!((&wallet["unknown"], &wallet["missing"]), (&unknown, &json!([])));
        assert!(wallet["problems"][0].as_str().unwrap().contains("key index 2"), "{wallet}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_was_killed_is_made_up_for_by_the_next() {
    let scene = Scene::served(1).await;
    users(&scene, 30).await;
    scene.wallet(0).slow("importscript", Duration::from_millis(50));
    scene.wallet(1).slow("rescanwallet", Duration::from_secs(60));
    let mut syncing = scene.spawn(&["wallets", "sync"]);
    let began = Instant::now();
    while scene.wallet(0).scripts().is_empty() || scene.wallet(1).calls("rescanwallet") == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing is imported");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    syncing.kill().unwrap();
    syncing.wait().unwrap();
    scene.wallet(0).fast();
    scene.wallet(1).fast();
    let synced = scene.run(&["wallets", "sync", "--json"]).json();
    for number in 0..2 {
        assert_eq!(scene.wallet(number).scripts().len(), 30);
        assert_eq!(synced[number]["rescanned_from"], 121, "{synced}");
    }
    assert_eq!(synced[1]["imported_scripts"], 0);
    scene.run(&["wallets", "check"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn web_and_command_bring_over_at_the_same_time_without_harm() {
    let scene = Scene::served(1).await;
    users(&scene, 40).await;
    let web = Web::run(&scene).await;
    let synced = scene.run(&["wallets", "sync", "--json"]).json();
    assert!(synced.as_array().unwrap().iter().all(|wallet| wallet["synced"] == true), "{synced}");
    let status = web.status().await;
    assert!(status["wallets"].as_array().unwrap().iter().all(|wallet| wallet["state"] == "in service"), "{status}");
    web.stop().await;
    scene.run(&["wallets", "check"]).success();
    assert_eq!(scene.wallet(0).scripts().len(), 40);
}

/// The most memory that a process has had, in KiB, as long as it runs.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs the command to its end; how long it took, and the most memory that it had, in KiB.
async fn measured(scene: &Scene) -> (Duration, u64, Value) {
    let began = Instant::now();
    let child = scene.spawn(&["wallets", "sync", "--json"]);
    let process = child.id();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let mut most = 0;
    while !ended.is_finished() {
        most = most.max(peak(process).unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let took = began.elapsed();
    let output = ended.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (took, most, serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a release build and two free cores: cargo test --release -p stakepoolctl -- --ignored ten_thousand"]
async fn ten_thousand_users_reach_three_empty_wallets_within_30_seconds_and_150_mb() {
    let scene = Scene::with_wallets(3).await;
    users(&scene, 10_000).await;
    let (took, most, synced) = measured(&scene).await;
    println!("first: {took:?}, {} MiB", most / 1024);
    assert!(synced.as_array().unwrap().iter().all(|wallet| wallet["imported_scripts"] == 10_000), "{synced}");
    assert!(took < Duration::from_secs(30) && most < 150 * 1024, "{took:?}, {most} KiB");
    let (took, most, synced) = measured(&scene).await;
    println!("second: {took:?}, {} MiB", most / 1024);
    assert!(synced.as_array().unwrap().iter().all(|wallet| wallet["imported_scripts"] == 0), "{synced}");
    assert!(took < Duration::from_secs(5) && most < 150 * 1024, "{took:?}, {most} KiB");
}
