//! `stakepoolctl users`.

use std::fs;

use serde_json::json;
use stakepool_core::accounts::Email;
use stakepool_core::ports::UserStore;
use stakepool_core::voting::{TicketReport, TicketState};

use crate::scene::{Scene, report};

const GOOD: &str = "correct horse battery\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_makes_the_database() {
    let scene = Scene::set(1).await;
    let create = ["users", "create", "--email", "Admin@Example.org", "--admin", "--password-file", "-", "--json"];
    let created = scene.run_with_input(&create, GOOD).json();
    assert_eq!(created, json!({"id": 1, "email": "admin@example.org", "admin": true}));

    let database = scene.database().await;
    let user = database.by_email(&Email::parse("admin@example.org").unwrap()).await.unwrap().unwrap();
    assert!(user.admin && !user.disabled && user.password.bcrypt.is_none());
    let hash = user.password.argon2.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let audit = scene.audit().await;
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (audit[0].actor.as_str(), audit[0].action.as_str(), audit[0].subject.as_str()),
        ("stakepoolctl", "user.create", "1")
    );

    let message = scene.run_with_input(&create, GOOD).refusal(2);
    assert!(message.contains("--email") && message.contains("already"), "{message}");
    assert_eq!(database.counts().await.unwrap(), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_the_first_line_of_a_file() {
    let scene = Scene::set(1).await;
    let file = scene.home.path().join("password");
    fs::write(&file, "correct horse battery\r\nsecond line\n").unwrap();
    let create = ["users", "create", "--email", "a@example.org", "--password-file", file.to_str().unwrap()];
    let created = scene.run(&create).success();
    assert!(created.contains("user 1") && created.contains("a@example.org"), "{created}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_or_password_is_refused_and_makes_nothing() {
    let scene = Scene::set(1).await;
    let with = |email, source| ["users", "create", "--email", email, "--password-file", source];
    let cases: [(&[&str], &str, &str); 6] = [
        (&with("nonsense", "-"), GOOD, "--email"),
        (&with("a@example.org", "-"), "short\n", "too short"),
        (&with("a@example.org", "-"), "", "too short"),
        (&with("long-name@example.org", "-"), "Long-Name@example.org", "e-mail address"),
        (&with("a@example.org", "/nowhere/password"), "", "--password-file"),
        (&with("a@example.org", "-")[..4], GOOD, "--password-file"),
    ];
    for (arguments, input, named) in cases {
        let message = scene.run_with_input(arguments, input).refusal(2);
        assert!(message.contains(named), "{arguments:?}: {message}");
    }
    assert!(!scene.database_file().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_and_shown_without_their_secrets() {
    let scene = Scene::set(1).await;
    let (id, registration) = scene.register("user@example.org").await;
    let create = ["users", "create", "--email", "admin@example.org", "--admin", "--password-file", "-"];
    scene.run_with_input(&create, GOOD).success();
    scene.low_fee(1, id, registration.address).await;
    let mut accepted = report(2, id, registration.address);
    accepted.facts.verdict = stakepool_core::ticket::Verdict::Accepted;
    scene.tell(&accepted).await;
    scene.tell(&TicketReport { ticket: crate::scene::ticket(3), state: TicketState::Voted, ..accepted }).await;

    let list = scene.run(&["users", "list", "--json"]).json();
    let account = json!({
        "id": 1, "email": "user@example.org", "email_verified": true, "admin": false, "disabled": false,
        "created": 1_795_337_279, "key_index": 1, "address": registration.address, "registered_at": 150,
        "fee_address": registration.fee_address,
    });
    assert_eq!(list[0], account);
    assert_eq!((&list[1]["admin"], &list[1]["address"]), (&json!(true), &json!(null)));
    let readable = scene.run(&["users", "list"]).success();
    assert_eq!(readable.lines().count(), 2, "{readable}");
    assert!(readable.contains("created 2026-11-22 08:47 UTC") && readable.contains("is administrator"), "{readable}");

    let shown = scene.run(&["users", "show", "1", "--json"]).json();
    assert_eq!(scene.run(&["users", "show", "User@example.org", "--json"]).json(), shown);
    assert_eq!(shown["script"], json!(registration.script));
    let tickets = json!({"immature": 0, "live": 1, "voted": 1, "missed": 0, "expired": 0, "ignored": 1});
    assert_eq!(shown["tickets"], tickets);
    for (key, value) in account.as_object().unwrap() {
        assert_eq!(&shown[key], value, "{key}");
    }
    let readable = scene.run(&["users", "show", "1"]).success();
    for part in [registration.script.to_string(), registration.fee_address.to_string(), "1 live, 1 voted".to_owned()] {
        assert!(readable.contains(&part), "{part}: {readable}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_is_refused_with_the_remedy() {
    let scene = Scene::set(1).await;
    scene.database().await;
    assert_eq!(scene.run(&["users", "list"]).success(), "there are no users\n");
    assert_eq!(scene.run(&["users", "list", "--json"]).success(), "[]\n");
    for user in ["7", "nobody@example.org"] {
        let message = scene.run(&["users", "show", user]).refusal(2);
        assert!(message.contains(user) && message.contains("users list"), "{message}");
    }
    let message = scene.run(&["users", "show", "nonsense"]).refusal(2);
    assert!(message.contains("ID|EMAIL"), "{message}");
}
