//! `stakepoolctl unknown`: addresses that are no user's, and what the operator decides about them.

use serde_json::json;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Hash160, KeyIndex, Network, ScriptAddress};
use stakepool_core::ports::{MissingUser, UnknownAddress, UpkeepStore as _, UserStore as _};

use crate::scene::Scene;

fn address(number: u8) -> ScriptAddress {
    ScriptAddress::new(Network::Simnet, Hash160([number; 20]))
}

/// Two daemons, of which the first knows two addresses, and the second one of them and a user who is missing.
async fn scene() -> Scene {
    let scene = Scene::served(2).await;
    let unknown = |number, voted, ignored| UnknownAddress { address: address(number), voted, ignored };
    scene.daemons[0].backend.says(|status| status.check.unknown = vec![unknown(1, 5, 2), unknown(2, 1, 0)]);
    scene.daemons[1].backend.says(|status| {
        status.check.unknown = vec![unknown(1, 4, 2)];
        status.check.missing = vec![MissingUser { user: UserId(9), address: address(3), tickets: 3 }];
    });
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_without_a_user_is_listed_with_its_tickets_and_who_reports_it() {
    let scene = scene().await;
    let [first, second] = [0, 1].map(|number| format!("daemon {}", scene.daemons[number].address));
    let all = scene.run(&["unknown", "list", "--json"]).json();
    let expected = json!({
        "address": address(1).to_string(), "key_index": null, "user": null, "live_tickets": 5, "ignored_tickets": 2,
        "first_seen": null, "first_seen_at": null, "acknowledged": null,
        "reported_by": [
            {"name": first, "live_tickets": 5, "ignored_tickets": 2},
            {"name": second, "live_tickets": 4, "ignored_tickets": 2},
        ],
    });
    assert_eq!((all.as_array().unwrap().len(), &all[0], &all[1]["user"]), (3, &expected, &json!(9)));
    let readable = scene.run(&["unknown", "list"]).success();
    for part in [
        format!("address {}, tickets 5 live, 2 ignored, first seen not noted yet", address(1)),
        format!("reported by {second} (4 live, 2 ignored)"),
        format!("address {}, user 9, tickets 3 live", address(3)),
    ] {
        assert!(readable.contains(&part), "{part}: {readable}");
    }
    assert!(scene.audit().await.is_empty(), "nothing is changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_is_noted_and_given_to_every_daemon_and_can_be_taken_back() {
    let scene = scene().await;
    let (one, other) = (address(1).to_string(), address(3).to_string());
    let readable = scene.run(&["unknown", "acknowledge", &one, &other]).success();
    assert_eq!(readable.matches("no problem any more").count(), 2, "{readable}");
    let has =
        |daemon: usize, number| scene.daemons[daemon].backend.wanted.lock().unwrap().is_acknowledged(&address(number));
    for daemon in 0..2 {
        assert_eq!([1, 2, 3].map(|number| has(daemon, number)), [true, false, true]);
    }
    let audit: Vec<_> = scene.audit().await.into_iter().map(|entry| (entry.action, entry.subject)).collect();
    let entry = |subject: &str| ("unknown.acknowledge".to_owned(), subject.to_owned());
    assert_eq!(audit, [entry(&other), entry(&one)]);
    let all = scene.run(&["unknown", "list", "--json"]).json();
    assert_eq!((&all[0]["address"], &all[0]["acknowledged"]), (&json!(address(2).to_string()), &json!(null)));
    assert_eq!((&all[1]["address"], &all[1]["acknowledged"]["by"]), (&json!(one), &json!("stakepoolctl")));

    let again = scene.run(&["unknown", "acknowledge", "--all", "--json"]).json();
    let outcomes: Vec<_> =
        again.as_array().unwrap().iter().map(|decided| decided["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["acknowledged", "already_acknowledged", "already_acknowledged"]);
    let taken_back = scene.run(&["unknown", "alarm", &one, "--json"]).json();
    assert_eq!(taken_back[0]["outcome"], "alarmed_again");
    assert_eq!([1, 2, 3].map(|number| has(0, number)), [false, true, true]);
    assert_eq!(scene.run(&["unknown", "alarm", &one, "--json"]).json()[0]["outcome"], "not_acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_reports_or_that_is_none_is_refused() {
    let scene = scene().await;
    let unreported = scene.run(&["unknown", "acknowledge", &address(7).to_string()]).refusal(3);
    assert!(unreported.contains("no wallet and no voting daemon that answers reports"), "{unreported}");
    let elsewhere = ScriptAddress::new(Network::Mainnet, Hash160([1; 20])).to_string();
    let refused = scene.run(&["unknown", "acknowledge", &elsewhere]).refusal(2);
    assert!(refused.contains("an address of mainnet, but the pool runs on simnet"), "{refused}");
    assert!(scene.run(&["unknown", "alarm", "rubbish"]).refusal(2).contains("rubbish"));
    assert!(scene.audit().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_addresses_all_are_acknowledged_but_the_refused_ones() {
    let scene = scene().await;
    let [unreported, one, other] = [7, 1, 3].map(|number| address(number).to_string());
    let outcome = scene.run(&["unknown", "acknowledge", &one, &unreported, &other]);
    assert_eq!((outcome.code, outcome.output.matches("no problem any more").count()), (3, 2), "{}", outcome.output);
    let refused = outcome.errors;
    assert!(refused.contains("1 of 3 addresses were refused") && refused.contains(&unreported), "{refused}");
    let acknowledged: Vec<_> = scene.audit().await.into_iter().map(|entry| entry.subject).collect();
    assert_eq!(acknowledged, [other, one]);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_indexes_that_were_guessed_are_listed_and_given_back() {
    let scene = scene().await;
    let [guessed, known] = [1, 2].map(|number| address(number).to_string());
    let database = scene.database().await;
    let note = format!("unknown/index/{guessed}");
    assert!(database.withhold_free_indexes(&[KeyIndex(4), KeyIndex(9)], &note, "4,9 guessed").await.unwrap());
    database.withhold_indexes(&[KeyIndex(5)]).await.unwrap();
    database.set_note(&format!("unknown/index/{known}"), "5").await.unwrap();
    let why = || {
        let listed = scene.run(&["unknown", "withheld", "--json"]).json();
        [&guessed, &known].map(|address| {
            let line = listed.as_array().unwrap().iter().find(|line| line["address"] == **address).unwrap();
            (line["indexes"].clone(), line["why"].clone())
        })
    };
    assert_eq!(why(), [(json!([4, 9]), json!("guessed")), (json!([5]), json!("known"))]);
    assert!(scene.run(&["unknown", "release", &known]).refusal(3).contains("no key index is withheld by guess"));
    scene.run(&["unknown", "release", &guessed]).success();
    assert_eq!(why()[0].1, json!("released"));
    assert_eq!(database.key_indexes().await.unwrap().into_keys().collect::<Vec<_>>(), [KeyIndex(5)]);
    assert_eq!(scene.audit().await[0].action, "unknown.release");
    assert!(scene.run(&["unknown", "release", "--all"]).success().contains("no key index is withheld by guess"));
}
