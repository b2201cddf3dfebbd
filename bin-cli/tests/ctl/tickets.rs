//! `stakepoolctl tickets`, from the list to the daemons.

use serde_json::{Value, json};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Hash160, Network, ScriptAddress};
use stakepool_core::ports::{LowFeeEntry, LowFeeStore};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixTime;

use crate::scene::{Scene, report, ticket};

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_ticket_is_listed_with_the_reason_added_and_removed() {
    let scene = Scene::set(2).await;
    let (user, registration) = scene.register("user@example.org").await;
    let address = registration.address;
    let report = scene.low_fee(1, user, address).await;
    let hash = ticket(1).to_string();

    let expected = json!({
        "ticket": hash, "address": address, "user": user, "state": "live", "mined_at": 171, "verdict": "low_fee",
        "fee_address": report.facts.fee_address, "committed_fee_atoms": 70_000, "required_fee_atoms": 1_500_000,
        "reason": "pays a fee of 0.00070000 EXCC, but 0.01500000 EXCC is required",
    });
    assert_eq!(scene.run(&["tickets", "ignored", "--json"]).json(), json!([expected]));
    let readable = scene.run(&["tickets", "ignored"]).success();
    assert!(readable.contains(&hash) && readable.contains("but 0.01500000 EXCC is required"), "{readable}");
    assert_eq!(scene.run(&["tickets", "added"]).success(), "no ticket is added\n");

    let added = scene.run(&["tickets", "add", &hash, "--json"]).json();
    assert_eq!(added, json!({"ticket": hash, "address": address, "outcome": "added"}));
    for daemon in &scene.daemons {
        assert_eq!(daemon.backend.live(), [ticket(1)]);
        let users: Vec<_> = daemon.backend.wanted.lock().unwrap().users().map(|user| user.address).collect();
        assert_eq!(users, [address], "the whole wanted state comes along");
    }
    assert_eq!(scene.run(&["tickets", "ignored", "--json"]).json(), json!([]));
    let list = scene.run(&["tickets", "added", "--json"]).json();
    assert_eq!(
        (&list[0]["ticket"], &list[0]["user"], &list[0]["added_by"]),
        (&json!(hash), &json!(user), &json!(null))
    );
    let lifetime = list[0]["expires"].as_i64().unwrap() - list[0]["added"].as_i64().unwrap();
    assert_eq!(lifetime, 800, "twice 16 + 384 blocks of a second");
    let table = scene.run(&["tickets", "added"]).success();
    assert!(table.contains("ADDED BY") && table.contains("stakepoolctl"), "{table}");

    let removed = scene.run(&["tickets", "remove", &hash, "--json"]).json();
    assert_eq!(removed, json!({"ticket": hash, "outcome": "removed"}));
    for daemon in &scene.daemons {
        assert_eq!(daemon.backend.live(), []);
    }
    assert_eq!(scene.run(&["tickets", "ignored", "--json"]).json(), json!([expected]));

    let audit = scene.audit().await;
    let acts: Vec<_> = audit.iter().map(|entry| (entry.action.as_str(), entry.subject.as_str())).collect();
    assert_eq!(acts, [("ticket.remove", hash.as_str()), ("ticket.add", hash.as_str())]);
    assert!(audit.iter().all(|entry| entry.actor == "stakepoolctl" && entry.at > UnixTime(0)));
    assert!(audit[1].detail.contains("of user 1, live, pays a fee of 0.00070000 EXCC"), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_is_no_failure_and_tells_the_daemons_again() {
    let scene = Scene::set(1).await;
    let (user, registration) = scene.register("user@example.org").await;
    scene.low_fee(1, user, registration.address).await;
    let hash = ticket(1).to_string();
    scene.run(&["tickets", "add", &hash]).success();
    // As after a restore of an old state.
    *scene.daemons[0].backend.wanted.lock().unwrap() = Default::default();
    let again = scene.run(&["tickets", "add", &hash]).success();
    assert!(again.contains("outcome already added"), "{again}");
    assert_eq!(scene.daemons[0].backend.live(), [ticket(1)]);
    scene.run(&["tickets", "remove", &hash]).success();
    let again = scene.run(&["tickets", "remove", &hash]).success();
    assert!(again.contains("outcome not added"), "{again}");
    assert_eq!(scene.audit().await.len(), 2, "only what changed something is noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_cannot_be_added_is_refused_with_its_state() {
    let scene = Scene::set(1).await;
    let (user, registration) = scene.register("user@example.org").await;
    let low = |number| report(number, user, registration.address);
    let ended = |number, state| TicketReport { state, ended_at: Some(BlockHeight(201)), ..low(number) };
    let mut accepted = low(2);
    accepted.facts.verdict = Verdict::Accepted;
    scene.tell(&accepted).await;
    let ends = [(3, TicketState::Voted), (4, TicketState::Missed), (5, TicketState::Expired)];
    for (number, state) in ends {
        scene.tell(&ended(number, state)).await;
    }
    let live = LowFeeEntry { ticket: ticket(6), address: registration.address };
    scene.daemons[0].backend.accepted.lock().unwrap().push(live);
    for (number, expected) in [
        (2, "is live and pays the fee"),
        (3, "has voted at height 201"),
        (4, "was missed at height 201"),
        (5, "has expired at height 201"),
        (6, "is live and voted by the pool already"),
        (9, "does not know"),
    ] {
        let hash = ticket(number).to_string();
        let message = scene.run(&["tickets", "add", &hash]).refusal(3);
        assert!(message.contains(expected) && message.contains(&hash), "{message}");
    }
    let unknown = scene.run(&["tickets", "remove", &ticket(9).to_string()]).refusal(3);
    assert!(unknown.contains("does not know") && unknown.contains("list of added tickets"), "{unknown}");
    assert_eq!(scene.run(&["tickets", "ignored"]).success(), "no ticket is ignored\n");
    let all = scene.run(&["tickets", "ignored", "--all", "--json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
    assert!(scene.audit().await.is_empty());
    assert_eq!(scene.daemons[0].backend.wanted.lock().unwrap().users().len(), 0, "nothing changed, nothing is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn good_and_bad_lines_are_each_answered_in_their_place() {
    let scene = Scene::set(1).await;
    let (user, registration) = scene.register("user@example.org").await;
    for number in 1..=3 {
        scene.low_fee(number, user, registration.address).await;
    }
    let hash = |number| ticket(number).to_string();
    let endless = "ab".repeat(5000);
    let input = format!("{}\nnonsense\n\n  {} \r\n{}\n{endless}\n{}", hash(1), hash(2), hash(9), hash(1));
    let outcome = scene.run_with_input(&["tickets", "add", "-", "--json"], &input);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors, "stakepoolctl: 4 of 7 tickets were refused; the answers say why\n");
    let answers = lines(&outcome.output);
    let outcomes: Vec<_> = answers.iter().map(|answer| answer["outcome"].as_str().unwrap_or("refused")).collect();
    assert_eq!(outcomes, ["added", "refused", "refused", "added", "refused", "refused", "already_added"]);
    assert!(answers[1]["error"].as_str().unwrap().contains("`nonsense` is not a ticket's hash"), "{answers:?}");
    assert!(answers[5]["error"].as_str().unwrap().len() < 300, "{answers:?}");
    assert_eq!(scene.daemons[0].backend.live(), [ticket(1), ticket(2)]);

    let outcome = scene.run(&["tickets", "remove", &hash(2), "nonsense", &hash(3)]);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors, "stakepoolctl: 1 of 3 tickets were refused; the answers say why\n");
    let answers: Vec<&str> = outcome.output.lines().collect();
    assert!(answers[0].ends_with("outcome removed") && answers[2].ends_with("outcome not added"), "{answers:?}");
    assert!(answers[1].starts_with("error: `nonsense`"), "{answers:?}");
    assert_eq!(scene.daemons[0].backend.live(), [ticket(1)]);

    assert_eq!(scene.run_with_input(&["tickets", "remove", "-"], "").success(), "");
    for wrong in [
        &["tickets", "add"][..],
        &["tickets", "add", "-", "-"],
        &["tickets", "add", &hash(1), "-"],
        &["tickets", "add", "x"],
    ] {
        let message = scene.run(wrong).refusal(2);
        assert!(message.contains("HASH"), "{wrong:?}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_away_is_named_and_the_others_are_told() {
    let mut scene = Scene::set(2).await;
    let (user, registration) = scene.register("user@example.org").await;
    scene.low_fee(1, user, registration.address).await;
    scene.daemons[0].stop().await;
    let away = scene.daemons[0].address.to_string();
    let hash = ticket(1).to_string();
    for (act, outcome) in [("add", "added"), ("remove", "removed")] {
        let done = scene.run(&["tickets", act, &hash, "--json"]);
        assert_eq!(done.code, 0, "{}", done.errors);
        assert_eq!(lines(&done.output)[0]["outcome"], outcome);
        assert_eq!(done.errors.lines().count(), 1, "{}", done.errors);
        assert!(done.errors.contains(&away) && done.errors.contains("the web gives it"), "{}", done.errors);
        let live: &[_] = if act == "add" { &[ticket(1)] } else { &[] };
        assert_eq!(scene.daemons[1].backend.live(), live);
        assert_eq!(scene.database().await.active(UnixTime(1)).await.unwrap().len(), live.len());
    }
    let list = scene.run(&["tickets", "ignored", "--json"]);
    assert_eq!((list.code, list.errors.lines().count()), (0, 1), "{}", list.errors);
    assert!(list.errors.contains(&away) && list.output.contains(&hash), "{}", list.errors);
    let message = scene.run(&["tickets", "add", &ticket(9).to_string()]).refusal(3);
    assert!(message.contains(&away), "that a daemon was not asked belongs to the answer: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_only_the_predecessors_daemons_know_are_listed_and_added() {
    let scene = Scene::set_with_old_daemons(2).await;
    let (user, registration) = scene.register("user@example.org").await;
    scene.seen_by_daemons(1, registration.address);
    let stranger = ScriptAddress::new(Network::Simnet, Hash160([3; 20]));
    scene.seen_by_daemons(2, stranger);
    // The ledger knows better than a daemon that is behind.
    scene.seen_by_daemons(3, registration.address);
    let voted = TicketReport { state: TicketState::Voted, ..report(3, UserId(1), registration.address) };
    scene.tell(&voted).await;

    let list = scene.run(&["tickets", "ignored", "--json"]).json();
    let known: Vec<_> = list.as_array().unwrap().iter().map(|entry| (&entry["ticket"], &entry["user"])).collect();
    let hashes = [1, 2].map(|number| json!(ticket(number).to_string()));
    assert_eq!(known, [(&hashes[0], &json!(user)), (&hashes[1], &Value::Null)]);
    assert!(list[0]["verdict"].is_null() && list[0]["reason"].as_str().unwrap().contains("daemon"), "{list}");

    scene.run(&["tickets", "add", &ticket(1).to_string()]).success();
    for daemon in &scene.daemons {
        assert_eq!(daemon.backend.live(), [ticket(1)]);
        assert_eq!(daemon.backend.wanted.lock().unwrap().users().len(), 1);
    }
    let removed = scene.run(&["tickets", "remove", &ticket(1).to_string(), &ticket(2).to_string()]).success();
    assert!(removed.contains("outcome removed") && removed.contains("outcome not added"), "{removed}");
    assert_eq!(scene.daemons[1].backend.live(), []);
}
