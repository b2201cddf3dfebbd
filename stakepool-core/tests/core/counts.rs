//! What a wallet counts beside what the daemon knows.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::chain::{BlockHash, BlockHeight, VoteBits};
use stakepool_core::ports::{NodeEvent, SpentOrMissed, TicketCounts};
use stakepool_core::testkit::tickets::{Fee, block, hash, header, ticket, vote};
use stakepool_core::testkit::{FakeWallet, Mood};
use tokio::time::sleep;

use crate::engine::{Daemon, ready, scene};

/// Longer than from one comparison to the one after the next.
const TWO_CHECKS: Duration = Duration::from_secs(400);

/// Has the wallet count tickets at a height, and waits until that was looked at.
async fn counts(wallet: &FakeWallet, height: u32, unspent: u64, missed: u64) {
    counts_at(wallet, block(height, 1), height, unspent, missed).await;
}

async fn counts_at(wallet: &FakeWallet, block: BlockHash, height: u32, unspent: u64, missed: u64) {
    *wallet.counts.lock().unwrap() = Some(TicketCounts { block, height: BlockHeight(height), unspent, missed });
    sleep(TWO_CHECKS).await;
}

fn has(daemon: &Daemon, words: &str) -> bool {
    daemon.engine.problems().iter().any(|problem| problem.contains(words))
}

const UNHEARD: &str = "wallet wallet counts 1 ticket as missed that this daemon did not know to be missed";
const UNKNOWN: &str = "wallet wallet counts 2 tickets that may win and that this daemon does not know";

#[tokio::test(start_paused = true)]
async fn a_ticket_that_only_the_wallet_knows_to_be_missed_is_a_problem() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 1, 3).await;
    assert_eq!(daemon.engine.problems(), [""; 0], "the three were missed before");
    counts(&wallet, 220, 0, 4).await;
    assert!(has(&daemon, UNHEARD), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn a_miss_of_which_both_know_is_told_as_one() {
    let (wallet, node, live) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 1, 0).await;
    node.mine(221, 1, Vec::new());
    node.chain.lock().unwrap().live.clear();
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    let tickets = vec![(live, SpentOrMissed::Missed)];
    daemon.emit(NodeEvent::SpentAndMissed { block: block(221, 1), height: BlockHeight(221), tickets }).await;
    counts(&wallet, 221, 0, 1).await;
    assert!(has(&daemon, "was missed: block 221 is without its vote") && !has(&daemon, "did not know"));
}

#[tokio::test(start_paused = true)]
async fn a_rescan_a_wallet_at_another_height_and_one_that_does_not_count_are_no_problem() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 1, 0).await;
    counts(&wallet, 220, 1, 25).await;
    counts(&wallet, 219, 0, 26).await;
    *wallet.counts.lock().unwrap() = None;
    sleep(TWO_CHECKS).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn tickets_that_the_wallet_counts_and_the_daemon_does_not_know_are_a_problem_until_it_does() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 3, 0).await;
    assert!(has(&daemon, UNKNOWN), "{:?}", daemon.engine.problems());
    counts(&wallet, 220, 1, 0).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_on_another_block_of_the_same_height_is_no_problem() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 1, 0).await;
    counts_at(&wallet, block(220, 2), 220, 3, 0).await;
    counts_at(&wallet, block(220, 2), 220, 0, 1).await;
    assert_eq!(daemon.engine.problems(), [""; 0], "two blocks race, and the wallet's node is on the other one");
}

#[tokio::test(start_paused = true)]
async fn a_vote_that_was_mined_hides_no_ticket_that_the_daemon_does_not_know() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent_count(), 1);
    let cast = vote(won, block(220, 1), BlockHeight(220), VoteBits(5), true);
    node.mine(221, 1, vec![cast]);
    node.chain.lock().unwrap().live.clear();
    wallet.tickets.lock().unwrap().clear();
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    counts(&wallet, 221, 2, 0).await;
    assert!(has(&daemon, UNKNOWN), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn a_winner_whose_vote_another_daemon_sent_is_known_until_the_vote_is_mined() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    counts(&wallet, 220, 1, 0).await;
    wallet.set(Mood::Unsigned);
    // Spent by a vote in the node's memory.
    wallet.tickets.lock().unwrap().clear();
    daemon.win(220, 1, &[won]).await;
    counts(&wallet, 220, 1, 0).await;
    assert!(has(&daemon, "is locked") && !has(&daemon, "may win"), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn winners_that_are_not_the_pools_hide_no_ticket_that_the_daemon_does_not_know() {
    let (wallet, node, _) = scene();
    let others = ticket(9, 1, Fee::Enough);
    node.mine(220, 1, vec![others.clone()]);
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    daemon.win(220, 1, &[hash(&others)]).await;
    counts(&wallet, 220, 3, 0).await;
    assert!(has(&daemon, UNKNOWN), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_counts_too_slowly_is_compared_by_its_list_and_not_asked_again_before_the_next_check() {
    let (wallet, node, live) = scene();
    wallet.faults.lock().unwrap().statistics = true;
    wallet.tickets.lock().unwrap().clear();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    sleep(Duration::from_secs(150)).await;
    assert!(has(&daemon, "wallet wallet does not know 1 ticket"), "{:?}", daemon.engine.problems());
    assert_eq!(wallet.counted.load(Ordering::SeqCst), 1, "although the list is looked at every 20 s");
    wallet.faults.lock().unwrap().statistics = false;
    wallet.tickets.lock().unwrap().push(live);
    counts(&wallet, 220, 3, 0).await;
    assert!(wallet.counted.load(Ordering::SeqCst) > 1 && has(&daemon, UNKNOWN), "{:?}", daemon.engine.problems());
}
