//! The life of tickets, from purchase to vote.

use std::collections::BTreeSet;

use stakepool_core::chain::{Generation, Network, TicketHash};
use stakepool_core::ports::{LedgerStore, LowFeeStore, LowFeeTicket};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::{PoolFee, Verdict};
use stakepool_core::time::UnixTime;

use crate::browser::Browser;
use crate::scene::{Scene, options};

async fn tickets_are_judged_voted_and_told(generation: Generation) {
    let scene = Scene::set(generation, 1).await;
    let good = scene.buy(10);
    let low = scene.buy_with(Some(PoolFee::from_percent(1.0).unwrap()), 2);
    let foreign = scene.buy_with(None, 1);
    assert_eq!(scene.mine(2).await, 0);
    scene
        .until("13 immature tickets are in the ledger", async || {
            scene.ledger_count(TicketState::Immature, false).await == 10
                && scene.ledger_count(TicketState::Immature, true).await == 3
        })
        .await;
    assert_eq!(scene.ledger(&low[0]).await.unwrap().facts.verdict, Verdict::LowFee);
    assert_eq!(scene.ledger(&foreign[0]).await.unwrap().facts.verdict, Verdict::UnknownFeeAddress);

    // An administrator adds one of the ignored tickets.
    let added = LowFeeTicket {
        ticket: low[0],
        address: scene.registration.address,
        added_by: None,
        created: UnixTime(1),
        expires: UnixTime(i64::MAX),
        outcome: None,
    };
    assert!(scene.pool.database.add(&added).await.unwrap());
    scene.pool.pool.daemons().changed();
    scene.until("every daemon knows the added ticket", async || scene.daemons_agree().await).await;

    scene.network.never_let_win(&[low[1], foreign[0]]);
    let mut wanted: Vec<_> = good.iter().chain(&low[..1]).copied().collect();
    scene.mine_with(16, &low[..1]).await;
    scene.network.let_win(&wanted);
    for _ in 0..60 {
        assert_eq!(scene.mine_with(1, &low[..1]).await, 0, "a vote of the pool is missing");
        wanted.retain(|ticket| scene.network.ticket_state(ticket) == Some(TicketState::Live));
        if wanted.is_empty() {
            break;
        }
    }
    assert!(wanted.is_empty(), "tickets that never won: {wanted:?}");
    scene.until("the ledger knows the votes", async || scene.ledger_count(TicketState::Voted, false).await == 11).await;
    let web = scene.web().await;
    let mut browser = Browser::new(web.url());
    browser.submit("/signin", &[("email", "user@example.org"), ("password", "correct horse 42")]).await;
    let shown = browser.shown_tickets().await;
    let texts = |tickets: &[TicketHash]| tickets.iter().map(|ticket| ticket.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(shown["voted"], texts(&[&good[..], &low[..1]].concat()));
    assert_eq!(shown["ignored"], texts(&[low[1], foreign[0]]));
    assert_eq!(shown["live"].len() + shown["immature"].len() + shown["missed"].len() + shown["expired"].len(), 0);
    let votes = scene.pool.database.votes(Some(&good[0]), 10).await.unwrap();
    assert_eq!(votes.len(), 3, "one record a daemon: {votes:?}");
    // The added ticket is marked as voted once no reorganisation can undo its vote.
    let added_is_active = async || !scene.pool.database.active(UnixTime(2)).await.unwrap().is_empty();
    assert!(added_is_active().await);
    scene.mine(Network::Simnet.params(generation).ticket_maturity).await;
    scene
        .until("the added ticket is marked as voted", async || {
            scene.pool.pool.daemons().changed();
            !added_is_active().await
        })
        .await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_judged_voted_and_told_on_todays_network() {
    tickets_are_judged_voted_and_told(Generation::Today).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_judged_voted_and_told_on_a_legacy_network() {
    tickets_are_judged_voted_and_told(Generation::Legacy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_started_again_goes_on_from_its_data() {
    let Scene { network, pool, user, registration, folder } = Scene::set(Generation::Today, 1).await;
    let tickets =
        network.buy_tickets(registration.address, Some(registration.fee_address), crate::scene::fee(), 3).unwrap();
    network.mine(2).await.unwrap();
    pool.stop().await.unwrap();
    network.never_let_win(&tickets);
    network.mine_all_when_voted(20, std::time::Duration::ZERO).await.unwrap();
    let pool = stakepool_examples::SmallPool::start(&network, &options(&folder)).await.unwrap();
    let scene = Scene { network, pool, user, registration, folder };
    scene.until("live tickets are told", async || scene.ledger_count(TicketState::Live, false).await == 3).await;
    scene.network.let_win(&tickets);
    assert_eq!(scene.mine(3).await, 0);
    scene.end().await;
}
