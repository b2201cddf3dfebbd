//! Terms over time, and tickets judged by them.

use std::sync::Arc;

use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, OutputScript, hash160};
use stakepool_core::ports::NodeEvent;
use stakepool_core::testkit::tickets::{COLD, Fee, block, desired, evaluator, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee, Terms, TermsHistory, TicketSubmission, Verdict};

use crate::engine::Daemon;

/// Another wallet's account key.
pub const OTHER: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

pub fn key(text: &str) -> ExtendedPubKey {
    text.parse().unwrap()
}

pub fn terms(from: u32, percent: f64, key: ExtendedPubKey) -> Terms {
    Terms { from: BlockHeight(from), fee: PoolFee::from_percent(percent).unwrap(), cold_wallet: key }
}

fn judged(judge: &Evaluator, ticket: &TicketSubmission, mined_at: u32) -> Verdict {
    judge.judge(ticket, BlockHeight(mined_at)).verdict
}

#[test]
fn a_ticket_is_judged_by_the_fee_of_its_height_and_by_that_before_for_the_time_of_grace() {
    let small = TicketSubmission::from_transaction(&ticket(1, 1, Fee::TooLow)).unwrap();
    // Nothing is asked, then more than the ticket pays, then nothing again.
    let history = TermsHistory::new([terms(0, 0.0, key(COLD)), terms(300, 7.5, key(COLD)), terms(400, 0.0, key(COLD))]);
    let judge = evaluator().with_history(history).unwrap();
    let grace = Evaluator::grace(judge.params());
    for (mined_at, verdict) in [
        (299, Verdict::Accepted),
        (299 + grace, Verdict::Accepted),
        (300 + grace, Verdict::LowFee),
        (399, Verdict::LowFee),
        (400, Verdict::Accepted),
    ] {
        assert_eq!(judged(&judge, &small, mined_at), verdict, "{mined_at}");
    }
    assert_eq!(judged(&evaluator(), &small, 350), Verdict::LowFee, "without a history what is configured counts");
}

#[test]
fn fees_go_to_the_cold_wallet_of_the_time_and_to_configured_ones_at_any() {
    let branch = |text| key(text).external_branch().unwrap();
    let configured = |text| {
        let addresses = FeeAddresses::derive(&branch(text), KeyIndex(9)).unwrap();
        let own = evaluator();
        Evaluator::new(own.network(), *own.params(), own.fee(), addresses)
    };
    let history = TermsHistory::new([terms(0, 7.5, key(COLD)), terms(300, 7.5, key(OTHER))]);
    let to_first = TicketSubmission::from_transaction(&ticket(1, 1, Fee::Enough)).unwrap();
    let with_new = configured(OTHER).with_history(history.clone()).unwrap();
    let grace = Evaluator::grace(with_new.params());
    assert_eq!(judged(&with_new, &to_first, 299 + grace), Verdict::Accepted);
    assert_eq!(judged(&with_new, &to_first, 300 + grace), Verdict::UnknownFeeAddress);
    assert_eq!(judged(&configured(OTHER), &to_first, 100), Verdict::UnknownFeeAddress, "without the history");
    // A daemon whose file still has the old key knows the new one by the history.
    let with_old = configured(COLD).with_history(history).unwrap();
    let OutputScript::PubKeyHash(first) = to_first.fee_commitment.to else { panic!("no address") };
    let index = FeeAddresses::derive(&branch(COLD), KeyIndex(9)).unwrap().index_of(first).unwrap();
    let new = hash160(&branch(OTHER).public_key(index).unwrap().serialize());
    let mut to_new = to_first;
    to_new.fee_commitment.to = OutputScript::PubKeyHash(new);
    assert_eq!(judged(&with_old, &to_new, 299), Verdict::UnknownFeeAddress);
    assert_eq!(judged(&with_old, &to_new, 300), Verdict::Accepted);
    assert_eq!(judged(&with_old, &to_first, 900), Verdict::Accepted, "what is configured counts at any height");
}

fn history(changes: &[(u32, f64)]) -> TermsHistory {
    TermsHistory::new(changes.iter().map(|(from, percent)| terms(*from, *percent, key(COLD))))
}

fn judging(history: &TermsHistory, height: u32) -> Vec<f64> {
    history.judging(BlockHeight(height), 10).map(|terms| terms.fee.percent()).collect()
}

#[test]
fn terms_before_a_change_count_for_so_many_blocks_and_no_longer() {
    let history = history(&[(0, 5.0), (100, 7.5), (105, 8.0)]);
    assert_eq!(judging(&history, 99), [5.0]);
    assert_eq!(judging(&history, 100), [5.0, 7.5]);
    assert_eq!(judging(&history, 109), [5.0, 7.5, 8.0]);
    assert_eq!(judging(&history, 110), [7.5, 8.0]);
    assert_eq!(judging(&history, 115), [8.0]);
    assert_eq!(judging(&TermsHistory::default(), 115), [] as [f64; 0]);
}

#[test]
fn the_first_terms_hold_before_their_height_too() {
    let history = history(&[(100, 7.5)]);
    assert_eq!(judging(&history, 3), [7.5]);
    assert_eq!(history.at(BlockHeight(3)), history.at(BlockHeight(200)));
    assert_eq!(history.after(BlockHeight(99)).count(), 1);
    assert_eq!(history.after(BlockHeight(100)).count(), 0);
}

#[test]
fn a_history_survives_json_and_the_binary_form() {
    let history = history(&[(0, 5.0), (100, 7.5)]);
    let text = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<TermsHistory>(&text).unwrap(), history);
    let bytes = postcard::to_allocvec(&history).unwrap();
    assert_eq!(postcard::from_bytes::<TermsHistory>(&bytes).unwrap(), history);
}

/// Nothing was asked up to block 210, and 7.5 percent since.
fn raised() -> TermsHistory {
    history(&[(0, 0.0), (210, 7.5)])
}

/// A chain at height 240 with a ticket that pays next to nothing, mined at 200 before the fee was raised, and another one of 230.
fn cheap_tickets() -> (Arc<FakeWallet>, Arc<FakeNode>, [stakepool_core::chain::TicketHash; 2]) {
    let node = FakeNode::at(199);
    let (before, after) = (ticket(1, 1, Fee::TooLow), ticket(1, 2, Fee::TooLow));
    for height in 200..=240 {
        let mined = [(200, &before), (230, &after)].into_iter().filter(|(at, _)| *at == height);
        node.mine(height, 1, mined.map(|(_, ticket)| ticket.clone()).collect());
    }
    let tickets = [hash(&before), hash(&after)];
    node.chain.lock().unwrap().live = tickets.to_vec();
    let wallet = FakeWallet::new("wallet");
    *wallet.tickets.lock().unwrap() = tickets.to_vec();
    (wallet, node, tickets)
}

/// The tickets of a daemon that are voted.
fn voted(daemon: &Daemon) -> Vec<stakepool_core::chain::TicketHash> {
    daemon.engine.tickets(true).into_iter().map(|entry| entry.ticket).collect()
}

#[tokio::test(start_paused = true)]
async fn a_daemon_without_its_state_judges_each_ticket_by_what_held_when_it_was_bought() {
    let (wallet, node, [before, after]) = cheap_tickets();
    let daemon = Daemon::start(&[wallet], &node, &Arc::default());
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(voted(&daemon), [], "what is configured counts until the web says more");
    daemon.engine.put_desired(desired(&[1], &[]).with_terms(raised()));
    assert_eq!(voted(&daemon), [before]);
    daemon.win(240, 1, &[before, after]).await;
    assert_eq!(node.sent().iter().map(|vote| vote.ticket).collect::<Vec<_>>(), [before]);
}

#[tokio::test(start_paused = true)]
async fn tickets_that_were_judged_without_terms_are_judged_by_them_also_after_a_restart() {
    let (wallet, node, [before, _]) = cheap_tickets();
    let file = Arc::default();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.emit(NodeEvent::Connected).await;
    daemon.end().await.unwrap();
    let again = Daemon::start(&[wallet], &node, &file);
    again.engine.put_desired(desired(&[1], &[]).with_terms(raised()));
    assert_eq!(voted(&again), [before]);
}

#[tokio::test(start_paused = true)]
async fn a_verdict_by_known_terms_is_final_and_they_count_without_the_web_after_a_restart() {
    let (wallet, node, [before, after]) = cheap_tickets();
    let file = Arc::default();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.engine.put_desired(desired(&[1], &[]).with_terms(raised()));
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(voted(&daemon), [before]);
    let lowered = desired(&[1], &[]).with_terms(history(&[(0, 9.0), (241, 0.0)]));
    daemon.engine.put_desired(lowered.clone());
    assert_eq!(voted(&daemon), [before], "tickets that were judged stay as they are");
    daemon.end().await.unwrap();
    let again = Daemon::start(&[wallet], &node, &file);
    assert_eq!(again.engine.desired().digest(), lowered.digest());
    node.mine(241, 1, vec![ticket(1, 3, Fee::TooLow)]);
    again.emit(NodeEvent::Connected).await;
    again.emit(NodeEvent::BlockConnected(header(241, 1, 1))).await;
    let (third, mut known) = (hash(&ticket(1, 3, Fee::TooLow)), voted(&again));
    known.sort();
    let mut expected = [before, third];
    expected.sort();
    assert_eq!(known, expected, "but not {after}; {}", block(241, 1));
}
