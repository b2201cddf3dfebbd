//! `stakepoolctl votes list`, `tickets list` and `daemons list`.

use std::time::Duration;

use serde_json::{Value, json};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHash, BlockHeight, ScriptAddress, VoteBits};
use stakepool_core::ports::LedgerStore;
use stakepool_core::reports::{TicketState, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixMillis;

use crate::scene::{HEIGHT, Scene, report, ticket};

/// A vote of a ticket on the block of a height.
fn vote(number: u8, address: ScriptAddress, height: u32, outcome: VoteOutcome) -> VoteRecord {
    VoteRecord {
        ticket: ticket(number),
        address: address.into(),
        block: BlockHash::from_bytes([number; 32]),
        height: BlockHeight(height),
        bits: VoteBits::APPROVE,
        outcome,
        attempts: 1,
        timings: VoteTimings { total: Duration::from_millis(17), ..VoteTimings::default() },
        at: UnixMillis(1_795_337_279_000 + i64::from(height)),
    }
}

/// A pool with two users: alice's tickets 1 (voted) and 2 (missed), and bob's 3, which is live and ignored.
async fn pool() -> (Scene, [UserId; 2]) {
    let scene = Scene::set(1).await;
    let (alice, of_alice) = scene.register("alice@example.org").await;
    let (bob, of_bob) = scene.register("bob@example.org").await;
    let paid = |number, state, ended: u32| {
        let mut paid = report(number, alice, of_alice.address);
        (paid.state, paid.ended_at, paid.facts.verdict) = (state, Some(BlockHeight(ended)), Verdict::Accepted);
        paid
    };
    let database = scene.database().await;
    let tickets = [paid(1, TicketState::Voted, 180), paid(2, TicketState::Missed, 181), report(3, bob, of_bob.address)];
    database.put_tickets("one", &tickets, stakepool_core::time::UnixTime(5)).await.unwrap();
    let of_one = [
        vote(1, of_alice.address, 179, VoteOutcome::Sent),
        vote(2, of_alice.address, 180, VoteOutcome::Failed("the wallet is locked".to_owned())),
    ];
    database.put_votes("one", &of_one).await.unwrap();
    database.put_votes("two", &[vote(1, of_alice.address, 179, VoteOutcome::AlreadyKnown)]).await.unwrap();
    database.close().await;
    (scene, [alice, bob])
}

/// One field of each entry of a list.
fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|entry| entry[field].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_are_found_by_user_ticket_outcome_and_height() {
    let (scene, [alice, bob]) = pool().await;
    let all = scene.run(&["votes", "list", "--json"]).json();
    assert_eq!(each(&all, "height"), [180, 179, 179]);
    assert_eq!((&all[0]["error"], &all[0]["state"]), (&json!("the wallet is locked"), &json!("missed")));
    assert_eq!((&all[0]["user"], &all[0]["milliseconds"]), (&json!(alice.0), &json!(17)));
    let found = |arguments: &[&str]| {
        let arguments: Vec<_> = ["votes", "list", "--json"].iter().chain(arguments).copied().collect();
        each(&scene.run(&arguments).json(), "outcome")
    };
    assert_eq!(found(&["--user", "alice@example.org"]).len(), 3);
    assert!(found(&["--user", &bob.0.to_string()]).is_empty());
    assert_eq!(found(&["--outcome", "failed"]), ["failed"]);
    assert_eq!(found(&["--outcome", "already-known"]), ["already_known"]);
    assert_eq!(found(&["--ticket", &ticket(1).to_string()]).len(), 2);
    assert_eq!(found(&["--from", "180"]), ["failed"]);
    assert_eq!(found(&["--to", "179"]).len(), 2);
    let cut = scene.run(&["votes", "list", "--limit", "1"]);
    assert_eq!((cut.code, cut.output.lines().count()), (0, 2));
    assert!(cut.errors.contains("2 more"), "{}", cut.errors);
    assert!(cut.output.contains("the wallet is locked"), "{}", cut.output);
    scene.run(&["votes", "list", "--user", "nobody@example.org"]).refusal(3);
    scene.run(&["votes", "list", "--ticket", "nonsense"]).refusal(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_found_by_user_and_state_and_those_that_can_vote_come_first() {
    let (scene, [alice, bob]) = pool().await;
    let all = scene.run(&["tickets", "list", "--json"]).json();
    assert_eq!(each(&all, "state"), ["live", "missed", "voted"]);
    assert_eq!(each(&all, "user"), [bob.0, alice.0, alice.0]);
    assert!(all[0]["reason"].as_str().unwrap().contains("fee"), "{all}");
    let found = |arguments: &[&str]| {
        let arguments: Vec<_> = ["tickets", "list", "--json"].iter().chain(arguments).copied().collect();
        each(&scene.run(&arguments).json(), "state")
    };
    assert_eq!(found(&["--state", "missed,voted"]), ["missed", "voted"]);
    assert_eq!(found(&["--user", "alice@example.org", "--state", "missed"]), ["missed"]);
    assert_eq!(found(&["--ignored"]), ["live"]);
    let readable = scene.run(&["tickets", "list", "--limit", "3"]).success();
    assert!(readable.contains("VOTED BY") && readable.contains("owner"), "{readable}");
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_are_listed_with_what_they_say_whether_they_answer_or_not() {
    let mut scene = Scene::served(2).await;
    scene.daemons[1].stop().await;
    let list = scene.run(&["daemons", "list", "--json"]).json();
    assert_eq!((&list[0]["reachable"], &list[0]["synced_height"]), (&json!(true), &json!(HEIGHT - 1)));
    assert_eq!((&list[0]["problems"], &list[0]["can_vote"]), (&json!(0), &json!(true)));
    assert_eq!((&list[1]["reachable"], &list[1]["id"]), (&json!(false), &Value::Null));
    let readable = scene.run(&["daemons", "list"]).success();
    assert!(readable.starts_with("DAEMON") && readable.lines().count() == 3, "{readable}");
}
