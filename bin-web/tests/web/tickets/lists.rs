//! Lists of tickets: order, search, pages, moments in words, and reasons.

use std::sync::Arc;

use stakepool_core::chain::{BlockHash, BlockHeight, VoteBits};
use stakepool_core::ports::LedgerStore as _;
use stakepool_core::reports::{TicketState, VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::time::UnixMillis;

use super::scene::{hash, put, report, user};
use crate::fakes::NoStats;
use crate::world::{Plan, World};

/// How a hash begins.
fn beginning(n: u32) -> String {
    hash(n).to_string()[..8].to_owned()
}

/// The numbers of the tickets on a page, in their order.
fn listed(page: &str, of: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut found: Vec<_> = of.into_iter().filter_map(|n| Some((page.find(&format!(">{}<", hash(n)))?, n))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, n)| n).collect()
}

#[tokio::test]
async fn moments_are_told_in_words_with_the_exact_block() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    // The fake wallets stand at block 224; simnet has a block a second, maturity 16 and expiry 384.
    put(&world, &[report(&world, 220, TicketState::Immature, None).await]).await;
    put(&world, &[report(&world, 100, TicketState::Live, None).await]).await;
    put(&world, &[report(&world, 90, TicketState::Voted, Some(222)).await]).await;
    let page = browser.get("/tickets?show=immature").await.text();
    assert!(page.contains("less than a minute ago <small class=\"nowrap\">block 220</small>"), "{page}");
    assert!(page.contains("in less than a minute <small class=\"nowrap\">block 236</small>"), "{page}");
    let page = browser.get("/tickets?show=live").await.text();
    assert!(page.contains("in about 5 minutes <small class=\"nowrap\">block 500</small>"), "{page}");
    let page = browser.get("/tickets?show=voted").await.text();
    assert!(page.contains(">block 222</small>") && page.contains("spendable in less than a minute"), "{page}");
}

#[tokio::test]
async fn a_list_is_searched_ordered_and_paged_by_the_server() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let mut reports = Vec::new();
    for n in 1..=120 {
        reports.push(report(&world, n, TicketState::Live, None).await);
    }
    put(&world, &reports).await;
    let first = browser.get("/tickets/list").await.text();
    assert_eq!(listed(&first, 1..=120), (71..=120).rev().collect::<Vec<_>>());
    assert!(
        first.contains("120 tickets, page 1 of 3")
            && first.contains("/tickets/list?show=live&amp;sort=newest&amp;page=2")
    );
    let last = browser.get("/tickets?show=live&sort=oldest&page=3").await.text();
    assert_eq!(listed(&last, 1..=120), (101..=120).collect::<Vec<_>>());
    let beyond = browser.get("/tickets?page=4000000000").await.text();
    assert_eq!(listed(&beyond, 1..=120), (1..=20).rev().collect::<Vec<_>>(), "the last page there is");
    let cheap = browser.get("/tickets?sort=cheapest").await.text();
    assert_eq!(listed(&cheap, 1..=120), (1..=50).collect::<Vec<_>>());
    let found = browser.get(&format!("/tickets?q={}", beginning(7).to_uppercase())).await.text();
    assert_eq!(listed(&found, 1..=120), [7]);
    let none = browser.get("/tickets?q=ffff").await.text();
    assert!(none.contains("No ticket of this list fits") && none.contains("Show all 120"), "{none}");
    let wrong = browser.get("/tickets?q=%3Cscript%3Ealert(1)").await.text();
    assert!(
        wrong.contains("has only the digits 0 to 9 and a to f")
            && !wrong.contains("<script>alert")
            && !wrong.contains("No ticket of"),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_list_is_sorted_by_its_heads_and_any_page_is_reached() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let mut reports = vec![report(&world, 1000, TicketState::Missed, Some(200)).await];
    for n in 1..=420 {
        reports.push(report(&world, n, TicketState::Live, None).await);
    }
    put(&world, &reports).await;
    let page = browser.get("/tickets/list?show=live&sort=dearest&page=5&q=0").await.text();
    for text in [
        "<th scope=\"col\" class=\"number\" aria-sort=\"descending\"><a href=\"/tickets/list?show=live&amp;sort=cheapest&amp;q=0\">",
        "<th scope=\"col\"><a href=\"/tickets/list?show=live&amp;sort=newest&amp;q=0\">Bought</a></th>",
        "<th scope=\"col\">Expires</th>",
        "aria-label=\"Page 5\" aria-current=\"page\"",
        "/tickets/list?show=live&amp;sort=dearest&amp;q=0&amp;page=9\" aria-label=\"Page 9\"",
        "<input id=\"to-page\" name=\"page\" type=\"number\" min=\"1\" max=\"9\"",
        "<input type=\"hidden\" name=\"q\" value=\"0\">",
        // What was searched for stays on the other lists.
        "/tickets/list?show=missed&amp;sort=dearest&amp;q=0\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let of_before = browser.get("/tickets?show=missed&sort=oldest").await.text();
    assert_eq!(listed(&of_before, [1000]), [1000], "an address of before");
    let overview = browser.get("/tickets").await.text();
    assert!(
        overview.contains("<dt>live tickets</dt><dd>420</dd>") && listed(&overview, [1000]).is_empty(),
        "{overview}"
    );
}

#[tokio::test]
async fn votes_older_than_the_operator_set_are_shown_on_demand_only() {
    let mut plan = Plan::default();
    plan.options.max_voted_age = 100;
    let world = World::of(plan).await;
    let mut browser = user(&world).await;
    put(
        &world,
        &[
            report(&world, 1, TicketState::Voted, Some(123)).await,
            report(&world, 2, TicketState::Voted, Some(124)).await,
        ],
    )
    .await;
    assert_eq!(listed(&browser.get("/tickets?show=voted").await.text(), 1..=2), [2]);
    assert_eq!(listed(&browser.get("/tickets?show=voted&age=all").await.text(), 1..=2), [2, 1]);
    assert!(browser.get("/tickets?show=voted").await.text().contains("Voted <span>2</span>"));
}

#[tokio::test]
async fn a_missed_ticket_is_told_with_the_reason_and_without_the_pools_servers() {
    let world = World::start().await;
    let mut browser = user(&world).await;
    let outcomes = [
        (1, None, "no record of a vote"),
        (2, Some(VoteOutcome::Sent), "no miner put it into a block"),
        (3, Some(VoteOutcome::Failed("wallet 10.0.0.7:9110 is locked".into())), "could not sign or send the vote"),
        (4, Some(VoteOutcome::RivalVote), "another vote of this ticket"),
    ];
    for (n, outcome, _) in &outcomes {
        let report = report(&world, *n, TicketState::Missed, Some(200)).await;
        let vote = |outcome: &VoteOutcome| VoteRecord {
            ticket: report.ticket,
            address: report.address,
            block: BlockHash::from_bytes([3; 32]),
            height: BlockHeight(199),
            bits: VoteBits(1),
            outcome: outcome.clone(),
            attempts: 1,
            timings: VoteTimings::default(),
            at: UnixMillis(1),
        };
        let votes: Vec<_> = outcome.iter().map(vote).collect();
        put(&world, std::slice::from_ref(&report)).await;
        world.database.put_votes("daemon1", &votes).await.unwrap();
    }
    for (n, _, reason) in outcomes {
        let page = browser.get(&format!("/tickets?show=missed&q={}", beginning(n))).await.text();
        assert!(page.contains(reason) && !page.contains("10.0.0.7"), "{reason}: {page}");
    }
}

#[tokio::test]
async fn where_nobody_tells_the_block_the_missing_times_are_explained() {
    let world = World::of(Plan { change_parts: |parts| parts.stats = Arc::new(NoStats), ..Plan::default() }).await;
    let mut browser = user(&world).await;
    put(&world, &[report(&world, 190, TicketState::Voted, Some(200)).await]).await;
    let page = browser.get("/tickets?show=voted").await.text();
    assert!(page.contains("Times are missing because") && page.contains(">block 200</small>"), "{page}");
    assert!(!page.contains("ago") && !page.contains("Your last "), "{page}");
}
