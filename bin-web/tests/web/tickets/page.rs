//! The page of a ticket.

use std::time::Duration;

use stakepool_core::chain::{BlockHash, BlockHeight, Generation, Network, TxHash, VoteBits, vote_subsidy};
use stakepool_core::ports::LedgerStore as _;
use stakepool_core::reports::{TicketState, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::time::UnixMillis;
use warp::http::StatusCode;

use super::scene::{hash, known_vote, put, report, user};
use crate::world::{Plan, World};

#[tokio::test]
async fn each_ticket_has_a_page_for_its_user_and_for_nobody_else() {
    let mut plan = Plan::default();
    plan.options.explorer = Some("https://explorer.example".to_owned());
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    let voted = report(&world, 150, TicketState::Voted, Some(200)).await;
    let vote = |outcome| VoteRecord {
        ticket: voted.ticket,
        address: voted.address,
        block: BlockHash::from_bytes([3; 32]),
        height: BlockHeight(199),
        bits: VoteBits(1),
        outcome,
        attempts: 1,
        timings: VoteTimings { total: Duration::from_micros(12_300), ..VoteTimings::default() },
        at: UnixMillis(1),
    };
    put(&world, std::slice::from_ref(&voted)).await;
    world.database.put_votes("10.0.0.7:9113", &[vote(VoteOutcome::Sent)]).await.unwrap();
    world.database.put_votes("10.0.0.8:9113", &[vote(VoteOutcome::Failed("10.0.0.9 is locked".into()))]).await.unwrap();
    let link = format!("/ticket?hash={}", voted.ticket);
    assert!(browser.get("/tickets?show=voted").await.text().contains(&format!("href=\"{link}\"")));
    let page = browser.get(&link).await.text();
    let reward = vote_subsidy(&Network::Simnet.params(Generation::Today), BlockHeight(199));
    for text in [
        &format!("https://explorer.example/tx/{}", voted.ticket),
        "https://explorer.example/block/200",
        "<strong>Voted</strong>",
        &format!("<dd>{}</dd>", reward.to_string().trim_end_matches('0')),
        "server 1",
        "12.3",
        "server 2",
        "could not vote",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("10.0.0."), "{page}");
    let mut stranger = world.user("b@example.org").await;
    for link in [link.as_str(), "/ticket?hash=5c", "/ticket"] {
        let reply = stranger.get(link).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{link}");
        assert!(reply.text().contains("There is no ticket of yours with this hash"));
    }
}

#[tokio::test]
async fn a_live_ticket_tells_its_odds_and_when_it_expires() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    let page = browser.get(&format!("/ticket?hash={}", hash(100))).await.text();
    for text in
        ["Expires, unless it is drawn before", "block 500", "The chance that it is drawn", "it votes as soon as"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn a_vote_that_is_known_shows_its_times_transaction_and_what_it_paid() {
    let mut plan = Plan::default();
    plan.options.explorer = Some("https://explorer.example".to_owned());
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    put(&world, &[known_vote(&world).await]).await;
    let stamp = "<time datetime=\"2026-02-03T00:02:00Z\">2026-02-03 00:02 UTC</time>";
    let transaction = TxHash::from_bytes([7; 32]);
    let page = browser.get(&format!("/ticket?hash={}", hash(101))).await.text();
    for text in [stamp, "<dd>0.50</dd>", "<dd>0.08100000</dd>", "<dd>0.419</dd>", &transaction.to_string()] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(&format!("https://explorer.example/tx/{transaction}")), "{page}");
    assert!(!page.contains("rules of the chain say"), "{page}");
    let list = browser.get("/tickets?show=voted&age=all").await.text();
    assert!(list.contains(stamp) && list.contains(&format!("/tx/{transaction}\"")), "{list}");
}
