//! Daemons with more than one node.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::chain::{Amount, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, TicketHash};
use stakepool_core::ports::NodeEvent;
use stakepool_core::testkit::tickets::{COLD, block, desired, evaluator};
use stakepool_core::testkit::{FakeNode, MemoryFile, TestClock, settle};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::time::UnixMillis;
use stakepool_core::voting::{EVENTS_AHEAD, EngineParts};
use tokio::time::sleep;

use crate::engine::{Daemon, scene};

/// A daemon in good order at height 220 whose first node is ours, with a second node that is connected.
async fn with_second(second: &Arc<FakeNode>) -> (Daemon, Arc<FakeNode>, TicketHash) {
    let (wallet, first, won) = scene();
    let nodes = vec![Arc::clone(&first) as _, Arc::clone(second) as _];
    let parts = EngineParts::new(evaluator(), vec![wallet as _], nodes, Arc::<MemoryFile>::default());
    let daemon = Daemon::of(parts.desired(desired(&[1], &[])));
    daemon.emit(NodeEvent::Connected).await;
    daemon.emit_of(1, NodeEvent::Connected).await;
    (daemon, first, won)
}

fn high_block(height: u32) -> NodeEvent {
    let tickets = vec![TicketHash::from_bytes([9; 32])];
    NodeEvent::WinningTickets { block: block(height, 7), height: BlockHeight(height), tickets }
}

#[tokio::test(start_paused = true)]
async fn a_node_of_another_network_costs_no_vote() {
    let second = FakeNode::at(1);
    second.chain.lock().unwrap().network = Some(Network::Testnet);
    let (daemon, first, won) = with_second(&second).await;
    assert_eq!(second.rebroadcasts.load(Ordering::SeqCst), 0, "its winners are of no use");
    daemon.emit_of(1, high_block(900_000)).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(first.sent_count(), 1);
    assert_eq!(second.questions.load(Ordering::SeqCst), 0, "nobody looks its winners up");
    // Somebody corrects the address.
    second.chain.lock().unwrap().network = None;
    daemon.emit_of(1, NodeEvent::Connected).await;
    assert_eq!(second.rebroadcasts.load(Ordering::SeqCst), 1);
    daemon
        .emit_of(1, NodeEvent::WinningTickets { block: block(220, 2), height: BlockHeight(220), tickets: vec![won] })
        .await;
    assert_eq!(first.sent_count(), 2, "its winners count again");
}

#[tokio::test(start_paused = true)]
async fn a_node_of_another_chain_costs_no_vote_however_high_its_blocks_are() {
    let (daemon, first, won) = with_second(&FakeNode::at(1)).await;
    daemon.emit_of(1, high_block(900_000)).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(first.sent_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_connects_while_the_first_one_is_slow_and_much_is_reported_is_followed_afterwards() {
    let (wallet, first, _) = scene();
    let (_, second, _) = scene();
    second.mine(221, 1, Vec::new());
    let nodes = vec![Arc::clone(&first) as _, Arc::clone(&second) as _];
    let parts = EngineParts::new(evaluator(), vec![wallet as _], nodes, Arc::<MemoryFile>::default());
    let daemon = Daemon::of(parts.desired(desired(&[1], &[])));
    let slow = first.busy.lock().await;
    daemon.emit(NodeEvent::Connected).await;
    for _ in 0..=EVENTS_AHEAD {
        let (block, height) = (block(220, 1), BlockHeight(220));
        let event = NodeEvent::NewTickets { block, height, stake_difficulty: Amount::ZERO, tickets: Vec::new() };
        daemon.emit_of(1, event).await;
    }
    daemon.emit_of(1, NodeEvent::Connected).await;
    daemon.emit_of(1, NodeEvent::Disconnected { reason: "restart".into() }).await;
    daemon.emit_of(1, NodeEvent::Connected).await;
    drop(slow);
    settle().await;
    assert_eq!(daemon.engine.synced(), Some((block(220, 1), BlockHeight(220))));
    daemon.emit(NodeEvent::Disconnected { reason: "closed".into() }).await;
    assert_eq!(daemon.engine.synced(), Some((block(221, 1), BlockHeight(221))), "the second node is followed");
}

/// Looks of a daemon at its nodes' best blocks.
async fn after_two_looks() {
    sleep(Duration::from_secs(21)).await;
}

#[tokio::test(start_paused = true)]
async fn two_nodes_on_different_chains_for_three_blocks_are_a_problem_until_one_gives_way() {
    let (_, second, _) = scene();
    let (daemon, first, _) = with_second(&second).await;
    for height in 221..=222 {
        first.mine(height, 1, Vec::new());
        second.mine(height, 2, Vec::new());
    }
    after_two_looks().await;
    assert_eq!(daemon.engine.problems(), [""; 0], "two blocks may still be undone");
    first.mine(223, 1, Vec::new());
    second.mine(223, 2, Vec::new());
    after_two_looks().await;
    let problems = daemon.engine.problems();
    assert!(problems.len() == 1 && problems[0].contains("on different chains"), "{problems:?}");
    assert!(problems[0].contains("since 221") && problems[0].contains("block explorer"), "{problems:?}");
    (221..=224).for_each(|height| second.mine(height, 1, Vec::new()));
    first.mine(224, 1, Vec::new());
    after_two_looks().await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_node_three_blocks_behind_the_other_is_a_problem_where_that_lasts() {
    let (_, second, _) = scene();
    let (daemon, first, _) = with_second(&second).await;
    (221..=223).for_each(|height| first.mine(height, 1, Vec::new()));
    after_two_looks().await;
    let problems = daemon.engine.problems();
    assert!(problems.len() == 1 && problems[0].contains("is at 220, 3 blocks behind"), "{problems:?}");
    (221..=223).for_each(|height| second.mine(height, 1, Vec::new()));
    after_two_looks().await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

/// A daemon on a network, at a moment so long after the blocks of its node, which are of 1970.
async fn hours_after(network: Network, hours: i64) -> (Daemon, Arc<FakeNode>) {
    let (wallet, node, _) = scene();
    node.chain.lock().unwrap().network = Some(network);
    // Higher than a ticket takes to mature.
    (221..=300).for_each(|height| node.mine(height, 1, Vec::new()));
    let branch = COLD.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let addresses = FeeAddresses::derive(&branch, KeyIndex(5)).unwrap();
    let (params, fee) = (network.params(Generation::Today), PoolFee::from_percent(7.5).unwrap());
    let evaluator = Evaluator::new(network, params, fee, addresses);
    let nodes = vec![Arc::clone(&node) as _];
    let parts = EngineParts::new(evaluator, vec![wallet as _], nodes, Arc::<MemoryFile>::default());
    let daemon = Daemon::with_clock(parts, TestClock::at(UnixMillis(hours * 3_600_000)));
    daemon.emit(NodeEvent::Connected).await;
    after_two_looks().await;
    (daemon, node)
}

fn says_old(daemon: &Daemon) -> bool {
    let is_told = |problem: &String| problem.contains("was made") && problem.contains("getpeerinfo");
    daemon.engine.problems().iter().any(is_told)
}

#[tokio::test(start_paused = true)]
async fn a_best_block_is_too_old_after_an_hour_on_mainnet_a_day_on_testnet_and_never_on_simnet() {
    let old = async |network, hours| says_old(&hours_after(network, hours).await.0);
    assert!(!old(Network::Mainnet, 0).await && old(Network::Mainnet, 1).await);
    assert!(!old(Network::Testnet, 23).await && old(Network::Testnet, 24).await);
    assert!(!old(Network::Simnet, 1000).await);
}

#[tokio::test(start_paused = true)]
async fn an_old_best_block_is_no_problem_any_more_where_the_node_does_not_say_its_best_block() {
    let (daemon, node) = hours_after(Network::Mainnet, 1).await;
    assert!(says_old(&daemon));
    let _silent = node.busy.lock().await;
    sleep(Duration::from_secs(11)).await;
    assert!(says_old(&daemon), "once may be chance");
    sleep(Duration::from_secs(15)).await;
    assert!(!says_old(&daemon));
}
