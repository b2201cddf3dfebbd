//! What the voting engine does about wallets that do not sign, vote by themselves, or must be told to revoke.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, Generation, VoteBits};
use stakepool_core::ports::{NodeEvent, SpentOrMissed};
use stakepool_core::reports::TicketState;
use tokio::time::sleep;

use crate::engine::{ready, scene};
use stakepool_core::testkit::tickets::{block, header, revocation, vote};
use stakepool_core::testkit::{FakeWallet, Mood};

#[tokio::test(start_paused = true)]
async fn a_wallet_that_does_not_sign_is_told_and_not_preferred_until_it_signs_again() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    second.tickets.lock().unwrap().push(won);
    first.faults.lock().unwrap().keyless = true;
    let daemon = ready(&[Arc::clone(&first), Arc::clone(&second)], &node).await;
    daemon.win(220, 1, &[won]).await;
    let told =
        ["wallet wallet answers unsigned votes: unlock it, and check that it was made from the pool's seed; until it \
                 signs, others are asked first"];
    assert_eq!(daemon.engine.problems(), told, "although it says that it is unlocked");
    assert_eq!(node.sent_count(), 1);
    // It is asked for its state twice, and is not trusted with the next vote.
    sleep(Duration::from_secs(45)).await;
    daemon.win(220, 2, &[won]).await;
    let by_second = second.requests.lock().unwrap().iter().map(|request| request.block).collect::<Vec<_>>();
    assert_eq!(by_second, [block(220, 1), block(220, 2)]);
    let asked = first.requests.lock().unwrap().iter().map(|request| request.block).collect::<Vec<_>>();
    assert!(!asked.contains(&block(220, 2)), "it is asked for nothing but the vote that it did not sign");
    assert_eq!(daemon.engine.problems(), told);

    first.faults.lock().unwrap().keyless = false;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(daemon.engine.problems(), Vec::<String>::new());
    daemon.win(220, 3, &[won]).await;
    assert_eq!(second.requests.lock().unwrap().len(), 2, "the daemon's own wallet votes again");
    assert_eq!(node.sent_count(), 3, "what was asked for a test is sent nowhere");
}

#[tokio::test(start_paused = true)]
async fn a_vote_that_another_daemon_cast_is_no_problem_once_the_wallet_is_back() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    wallet.set(Mood::Unreachable);
    sleep(Duration::from_secs(4)).await;
    daemon.win(220, 1, &[won]).await;
    node.mine(221, 1, vec![vote(won, block(220, 1), BlockHeight(220), VoteBits(5), true)]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(Duration::from_secs(4)).await;
    let problems = daemon.engine.problems().join("\n");
    assert!(problems.contains("cannot be reached") && problems.contains("did not cast the last vote"), "{problems}");

    wallet.set(Mood::Fine);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(daemon.engine.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_signs_too_slowly_is_a_problem_and_not_preferred_until_it_signs_in_time() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    second.tickets.lock().unwrap().push(won);
    first.faults.lock().unwrap().slow_votes = true;
    let daemon = ready(&[Arc::clone(&first), Arc::clone(&second)], &node).await;
    daemon.win(220, 1, &[won]).await;
    // Alerts are sent for what stands a minute.
    sleep(Duration::from_secs(90)).await;
    let problems = daemon.engine.problems();
    let told = "wallet wallet did not answer within 700ms when it was asked for a vote";
    assert!(problems.len() == 1 && problems[0].starts_with(told), "it answers all else: {problems:?}");
    assert!(daemon.engine.wallet_answers(0) && !daemon.engine.wallet_signs(0));
    daemon.win(220, 2, &[won]).await;
    assert_eq!(node.sent_count(), 2, "the second vote loses no time");
    let asked = first.requests.lock().unwrap().iter().map(|request| request.block).collect::<Vec<_>>();
    assert!(!asked.contains(&block(220, 2)) && asked.len() < 32, "{}", asked.len());

    first.faults.lock().unwrap().slow_votes = false;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
    daemon.win(220, 3, &[won]).await;
    assert_eq!(second.requests.lock().unwrap().len(), 2, "the daemon's own wallet votes again");
    assert_eq!(node.sent_count(), 3, "what was asked for a test is sent nowhere");
}

#[tokio::test(start_paused = true)]
async fn the_only_wallet_that_does_not_sign_votes_as_soon_as_it_does() {
    let (wallet, node, won) = scene();
    wallet.faults.lock().unwrap().keyless = true;
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    daemon.win(220, 1, &[won]).await;
    assert!(daemon.engine.problems()[0].contains("answers unsigned votes"));
    assert_eq!(node.sent_count(), 0);
    wallet.faults.lock().unwrap().keyless = false;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(node.sent_count(), 1);
    assert_eq!(daemon.engine.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_with_its_own_voting_on_is_told_with_the_remedy_and_votes() {
    let (wallet, node, won) = scene();
    wallet.faults.lock().unwrap().votes_itself = true;
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    let told = ["wallet wallet votes by itself, too: restart it without --enablevoting"];
    assert_eq!(daemon.engine.problems(), told);
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent_count(), 1, "it is served as well as can be");
    wallet.faults.lock().unwrap().votes_itself = false;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(daemon.engine.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_without_a_node_and_one_with_known_faults_are_told_with_the_remedy() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
    wallet.faults.lock().unwrap().spv = true;
    sleep(Duration::from_secs(4)).await;
    let problems = daemon.engine.problems();
    assert!(problems[0].starts_with("wallet wallet: it works without a node (SPV)"), "{problems:?}");
    wallet.faults.lock().unwrap().spv = false;
    wallet.faults.lock().unwrap().outdated = true;
    sleep(Duration::from_secs(4)).await;
    let problems = daemon.engine.problems();
    assert!(problems[0].contains("its version is 2.8.3") && problems[0].contains("update it to 2.8.5"), "{problems:?}");
    wallet.faults.lock().unwrap().outdated = false;
    sleep(Duration::from_secs(4)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

async fn revocations_asked_for(generation: Generation) -> usize {
    let (wallet, node, missed) = scene();
    *wallet.generation.lock().unwrap() = generation;
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    node.chain.lock().unwrap().live.clear();
    node.mine(221, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    let tickets = vec![(missed, SpentOrMissed::Missed)];
    daemon.emit(NodeEvent::SpentAndMissed { block: block(221, 1), height: BlockHeight(221), tickets }).await;
    assert_eq!(daemon.state(&missed), Some(TicketState::Missed));
    wallet.revocations.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn missed_tickets_are_revoked_by_legacy_wallets_and_by_consensus_today() {
    assert_eq!(revocations_asked_for(Generation::Legacy).await, 1);
    assert_eq!(revocations_asked_for(Generation::Today).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_legacy_wallet_is_asked_until_the_revocation_is_mined() {
    let (wallet, node, missed) = scene();
    *wallet.generation.lock().unwrap() = Generation::Legacy;
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    // The ticket left the lottery while nobody looked.
    node.chain.lock().unwrap().live.clear();
    sleep(Duration::from_secs(400)).await;
    assert_eq!(daemon.state(&missed), Some(TicketState::Missed));
    let asked = wallet.revocations.load(Ordering::SeqCst);
    assert!(asked >= 2, "once a check: {asked}");
    node.mine(221, 1, vec![revocation(missed)]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(Duration::from_secs(400)).await;
    assert_eq!(wallet.revocations.load(Ordering::SeqCst), asked);
}
