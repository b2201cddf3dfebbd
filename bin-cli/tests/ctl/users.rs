//! `stakepoolctl users`.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stakepool_core::accounts::{
    Email, PasswordCheck, PasswordCosts, PasswordHasher, StoredSecret, SystemRandom, TotpSecret, TotpStep, UserId,
};
use stakepool_core::ports::{
    SecondFactorStore, Session, SessionStore, SessionToken, TokenPurpose, TokenStore, UserStore,
};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

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

    let message = scene.run_with_input(&create, GOOD).refusal(3);
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
    let cases: [(&[&str], &str, &str); 9] = [
        (&with("nonsense", "-"), GOOD, "--email"),
        (&with(".a@example.org", "-"), GOOD, "a dot too many"),
        (&with("mailto:a@example.org", "-"), GOOD, "without `mailto:`"),
        (&with("a@example.org\u{200b}", "-"), GOOD, "U+200B"),
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
    let lines: Vec<&str> = readable.lines().collect();
    assert_eq!(lines.len(), 3, "a title and an entry a line: {readable}");
    assert!(lines[1].contains("2026-11-22 08:47 UTC") && lines[2].contains("administrator"), "{readable}");
    // Each value stands below its name, also where another one is missing.
    let at = lines[0].find("FEE ADDRESS").unwrap();
    assert!(lines[1][at..].starts_with(&registration.fee_address.to_string()), "{readable}");
    assert!(lines[2][at..].starts_with('-'), "{readable}");

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
        let message = scene.run(&["users", "show", user]).refusal(3);
        assert!(message.contains(user) && message.contains("users list"), "{message}");
    }
    let message = scene.run(&["users", "show", "nonsense"]).refusal(2);
    assert!(message.contains("ID|EMAIL"), "{message}");
}

/// A user who is signed in, has asked for a reset, and has a second factor.
async fn locked_out(scene: &Scene) -> (UserId, SessionToken, [u8; 32]) {
    let (id, _) = scene.register("user@example.org").await;
    let database = scene.database().await;
    let (session, link) = (SessionToken([1; 32]), [2; 32]);
    let far = UnixTime(i64::from(u32::MAX));
    let begun = Session { user: id, created: UnixTime(1), last_seen: UnixTime(1), expires: far, client: "::1".into() };
    database.begin(&session, &begun).await.unwrap();
    for (purpose, link) in [(TokenPurpose::ResetPassword, link), (TokenPurpose::ChangeEmail, [4; 32])] {
        database.put(purpose, link, id, None, far).await.unwrap();
    }
    let secret = TotpSecret::random(&SystemRandom);
    let stored = StoredSecret::from_bytes(secret.as_bytes());
    database.propose_factor(id, &stored).await.unwrap();
    assert!(database.confirm_factor(id, &stored, TotpStep(1), &[[3; 32]]).await.unwrap());
    (id, session, link)
}

async fn opens(scene: &Scene, id: UserId, password: &str) -> bool {
    let costs = PasswordCosts { floor: Duration::ZERO, ..PasswordCosts::default() };
    let hasher = PasswordHasher::new(costs, Arc::new(SystemRandom)).unwrap();
    let user = scene.database().await.by_id(id).await.unwrap().unwrap();
    hasher.check(password, Some(&user.password)).await.is_ok_and(|check| check == PasswordCheck::Right)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_shuts_every_other_way_into_the_account() {
    let scene = Scene::set(1).await;
    let (id, session, link) = locked_out(&scene).await;
    let command = ["users", "password", "User@example.org", "--stdin", "--json"];
    // Only the first line counts.
    let answer = scene.run_with_input(&command, "correct horse battery\r\nsecond line\n").json();
    let expected = json!({"id": 1, "email": "user@example.org", "disabled": false, "second_factor": "kept"});
    assert_eq!(answer, expected);
    assert!(opens(&scene, id, "correct horse battery").await);
    let (database, now) = (scene.database().await, UnixTime(5));
    assert_eq!(database.find(&session, now).await, Ok(None));
    assert_eq!(database.peek(TokenPurpose::ResetPassword, &link, now).await, Ok(None));
    assert_eq!(database.peek(TokenPurpose::ChangeEmail, &[4; 32], now).await, Ok(None), "of somebody else, maybe");
    assert!(database.second_factor(id).await.unwrap().is_some_and(|factor| factor.confirmed), "it stays");
    let acts = scene.audit().await;
    assert_eq!(acts.len(), 1);
    assert_eq!((&acts[0].actor[..], &acts[0].action[..], &acts[0].subject[..]), ("stakepoolctl", "user.password", "1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_goes_where_that_is_asked_for() {
    let scene = Scene::set(1).await;
    let (id, ..) = locked_out(&scene).await;
    let command = ["users", "password", "1", "--stdin", "--without-second-factor"];
    let told = scene.run_with_input(&command, GOOD).success();
    assert!(told.contains("taken away, with its recovery codes") && told.contains("user@example.org"), "{told}");
    assert!(told.contains("API key") && told.contains("renew it in the settings"), "{told}");
    let database = scene.database().await;
    assert_eq!(database.second_factor(id).await, Ok(None));
    assert_eq!(database.use_recovery(id, &[3; 32]).await, Ok(false));
    let actions = async || scene.audit().await.into_iter().map(|act| act.action).collect::<Vec<_>>();
    assert_eq!(actions().await, ["user.factor.off", "user.password"]);
    assert!(scene.run_with_input(&command, GOOD).success().contains("there is none"));
    assert_eq!(actions().await, ["user.password", "user.factor.off", "user.password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_keeps_the_rules_and_the_old_one_where_it_is_refused() {
    let scene = Scene::set(1).await;
    let (id, session, _) = locked_out(&scene).await;
    let with = |user| ["users", "password", user, "--stdin"];
    let cases: [(&[&str], &str, &[&str]); 5] = [
        (&with("1"), "short\n", &["--stdin", "at least 8 characters"]),
        (&with("1"), "", &["--stdin", "too short"]),
        (&with("1"), "password1\n", &["--stdin", "choose another one"]),
        (&with("1"), "User@Example.org\n", &["--stdin", "e-mail address"]),
        (&with("1")[..3], GOOD, &["--stdin", "no terminal"]),
    ];
    for (arguments, input, parts) in cases {
        let message = scene.run_with_input(arguments, input).refusal(2);
        assert!(parts.iter().all(|part| message.contains(part)), "{arguments:?}: {message}");
    }
    let message = scene.run_with_input(&with("7"), GOOD).refusal(3);
    assert!(message.contains("ID|EMAIL") && message.contains("users list"), "{message}");
    assert!(scene.database().await.find(&session, UnixTime(5)).await.unwrap().is_some());
    assert!(scene.audit().await.is_empty() && !opens(&scene, id, GOOD.trim()).await);
}
