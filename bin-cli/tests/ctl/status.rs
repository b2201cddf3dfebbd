//! `stakepoolctl status`: what is shown, and that nothing is changed. By which rules it judges: [`crate::faults`].

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::scene::{HEIGHT, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn daemons_wallets_and_the_pool_are_shown_where_all_is_well() {
    let scene = Scene::served(2).await;
    let all = scene.run(&["status", "--json"]).json();
    let daemon = json!({
        "daemon": scene.daemons[1].address.to_string(), "reachable": true, "problems": [],
        "id": format!("voter-{}", scene.daemons[1].address.port()),
        "version": "0.1.0", "node_height": HEIGHT, "synced_height": HEIGHT - 1,
        "wallets": [{"name": "127.0.0.1:19557", "reachable": true, "unlocked": true, "votes_itself": false}],
        "live_tickets": 0, "ignored_tickets": 0,
    });
    let wallet = json!({
        "wallet": scene.wallet(0).endpoint().host.to_string(), "reachable": true, "state": "in service",
        "problems": [], "version": all[2]["version"], "height": HEIGHT, "lag": 0, "unlocked": true, "connected": true,
        "votes_itself": false,
    });
    let pool = json!({
        "pool": "ok", "height": HEIGHT, "failures": [], "problems": [], "troubles": [], "warnings": [], "findings": [],
        "database": all[4]["database"], "alerts": {"instance": null, "channels": [], "heartbeat": null},
    });
    assert_eq!(all[4]["database"]["state"], "ok");
    assert_eq!((all.as_array().unwrap().len(), &all[1], &all[2], &all[4]), (5, &daemon, &wallet, &pool));

    let readable = scene.run(&["status"]).success();
    let wallet = scene.wallet(1).endpoint().host.to_string();
    let daemon = scene.daemons[0].address.to_string();
    for part in [&daemon, "voter", "127.0.0.1:19557: unlocked", "0 live", "199", &wallet, "in service", "all is well"] {
        assert!(readable.contains(part), "{part}: {readable}");
    }
    assert_eq!(readable.matches("\n\n").count(), 4, "{readable}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_away_or_complains_makes_the_exit_code_1() {
    let mut scene = Scene::served(3).await;
    scene.daemons[0].stop().await;
    scene.daemons[2].backend.says(|status| status.problems.push("the wallet is locked\nfor hours".to_owned()));
    let outcome = scene.run(&["status", "--json"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.errors, "stakepoolctl: 2 of 3 voting daemons are not in order\n");
    let all: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!([0, 1, 2].map(|daemon| all[daemon]["reachable"].as_bool().unwrap()), [false, true, true]);
    assert!(all[0]["problems"][0].as_str().unwrap().contains("cannot be reached"), "{all}");
    assert_eq!((&all[1]["problems"], &all[2]["problems"]), (&json!([]), &json!(["the wallet is locked\\nfor hours"])));
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("the wallet is locked\\nfor hours"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_away_counts_beside_the_daemons_and_stops_registration() {
    let scene = Scene::served(2).await;
    scene.wallet(1).stop().await;
    scene.daemons[0].backend.says(|status| status.node_height = None);
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.errors, "stakepoolctl: 1 of 2 voting wallets and 1 of 2 voting daemons are not in order\n");
    for part in ["cannot serve", "only 1 of the 2 voting wallets needed are in service", "no node answers it"] {
        assert!(outcome.output.contains(part), "{part}: {}", outcome.output);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_other_settings_than_the_web_is_named_with_both_values() {
    let scene = Scene::served(1).await;
    scene.reconfigure("poolfees=7.5", "poolfees=5");
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("its poolfees is 7.5, but the web's is 5"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_another_token_is_told_apart_from_one_that_is_away() {
    let scene = Scene::served(1).await;
    scene.reconfigure("rpctoken=a", "rpctoken=b");
    let outcome = scene.run(&["status", "--json"]);
    assert_eq!(outcome.code, 1);
    let all: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(all[0]["reachable"], true);
    assert!(all[0]["problems"][0].as_str().unwrap().contains("rpctoken"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_lacks_users_is_named_and_neither_it_nor_a_wallet_is_changed() {
    let scene = Scene::served(1).await;
    scene.register("user@example.org").await;
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("it lacks the latest users or added tickets"), "{}", outcome.output);
    assert_eq!(scene.daemons[0].backend.wanted.lock().unwrap().users().len(), 0);
    for number in 0..2 {
        assert!(scene.wallet(number).scripts().is_empty());
        assert!(scene.wallet(number).calls("walletinfo") > 0);
    }
    assert!(scene.audit().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_shows_each_change_until_nobody_reads_any_more() {
    let scene = Scene::served(1).await;
    let mut watching = scene.spawn(&["status", "--watch=1", "--json"]);
    let mut answers = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut states = move || {
        let rows: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        rows.as_array().unwrap().last().unwrap()["pool"].clone()
    };
    assert_eq!(states(), "ok");
    scene.daemons[0].backend.says(|status| status.problems.push("the disk is full".to_owned()));
    // A look may have begun before.
    assert!((0..3).any(|_| states() == "degraded"));
    scene.daemons[0].backend.says(|status| status.problems.clear());
    assert!((0..3).any(|_| states() == "ok"));
    drop(states);
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    let message = scene.run(&["status", "--watch=0"]).refusal(2);
    assert!(message.contains("--watch"), "{message}");
}
