//! `stakepoolctl status`.

use std::fs;

use serde_json::{Value, json};

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn every_daemon_in_order_is_shown() {
    let scene = Scene::set(2).await;
    let all = scene.run(&["status", "--json"]).json();
    let expected = json!({
        "daemon": scene.daemons[1].address.to_string(), "reachable": true, "problems": [], "id": "voter",
        "version": "0.1.0", "node_height": 200, "synced_height": 199,
        "wallets": [{"name": "127.0.0.1:19557", "reachable": true, "unlocked": true, "votes_itself": false}],
        "live_tickets": 0, "ignored_tickets": 0,
    });
    assert_eq!((all.as_array().unwrap().len(), &all[1]), (2, &expected));
    let readable = scene.run(&["status"]).success();
    for part in [&scene.daemons[0].address.to_string(), "voter", "127.0.0.1:19557: unlocked", "0 live", "199"] {
        assert!(readable.contains(part), "{part}: {readable}");
    }
    assert_eq!(readable.matches("\n\n").count(), 1, "{readable}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_away_or_complains_makes_the_exit_code_1() {
    let mut scene = Scene::set(3).await;
    scene.daemons[0].stop().await;
    scene.daemons[2].backend.problems.lock().unwrap().push("the wallet is locked\nfor hours".to_owned());
    let outcome = scene.run(&["status", "--json"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.errors, "stakepoolctl: 2 of 3 voting daemons are not in order\n");
    let all: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(
        (&all[0]["reachable"], &all[1]["reachable"], &all[2]["reachable"]),
        (&json!(false), &json!(true), &json!(true))
    );
    assert!(all[0]["problems"][0].as_str().unwrap().contains("cannot be reached"), "{all}");
    assert_eq!((&all[1]["problems"], &all[2]["problems"]), (&json!([]), &json!(["the wallet is locked\nfor hours"])));
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("the wallet is locked\\nfor hours"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_other_settings_than_the_web_is_told() {
    let scene = Scene::set(1).await;
    let config = fs::read_to_string(scene.config_file()).unwrap();
    fs::write(scene.config_file(), config.replace("poolfees=7.5", "poolfees=5")).unwrap();
    let outcome = scene.run(&["status"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("its poolfees is 7.5, but the web's is 5"), "{}", outcome.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_another_token_is_told_apart_from_one_that_is_away() {
    let scene = Scene::set(1).await;
    let config = fs::read_to_string(scene.config_file()).unwrap();
    fs::write(scene.config_file(), config.replace("rpctoken=a", "rpctoken=b")).unwrap();
    let outcome = scene.run(&["status", "--json"]);
    assert_eq!(outcome.code, 1);
    let all: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(all[0]["reachable"], true);
    assert!(all[0]["problems"][0].as_str().unwrap().contains("rpctoken"), "{all}");
}
