//! An engine as a voting daemon of the same process.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network};
use stakepool_core::ports::{EventCursor, LowFeeEntry, NodeEvent, VotingDaemon};
use stakepool_core::reports::DaemonEventKind;
use stakepool_core::testkit::{MemoryFile, Mood};
use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
use stakepool_core::voting::{Engine, EngineParts, LocalDaemon};
use tokio::time::{Instant, sleep};

use crate::engine::{ready, scene};
use crate::lost_votes::OTHER_SEED;
use stakepool_core::testkit::tickets::{COLD, Fee, address, block, desired, hash, header, ticket};

#[tokio::test]
async fn it_allows_for_as_many_users_as_the_cold_wallet_has_addresses_whatever_old_ones_there_are() {
    let branch = |key: &str| key.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
    let addresses = FeeAddresses::derive(&branch(COLD), KeyIndex(5)).unwrap();
    let addresses = addresses.with_old(&branch(OTHER_SEED), KeyIndex(5)).unwrap();
    let (network, fee) = (Network::Simnet, PoolFee::from_percent(7.5).unwrap());
    let evaluator = Evaluator::new(network, network.params(Generation::Today), fee, addresses);
    let (wallet, node, _) = scene();
    let parts = EngineParts::new(evaluator, vec![wallet as _], vec![node as _], Arc::<MemoryFile>::default());
    let daemon = LocalDaemon::new(Engine::new(parts).unwrap(), "here", COLD.parse().unwrap());
    assert_eq!(daemon.configured_users(), 6);
}

#[tokio::test(start_paused = true)]
async fn its_status_tells_what_the_engine_has_and_how_its_wallets_are() {
    let (wallet, node, _) = scene();
    let running = ready(&[wallet], &node).await;
    let daemon = LocalDaemon::new(Arc::clone(&running.engine), "here", COLD.parse().unwrap()).version("2.0.0");
    daemon.put_desired(&desired(&[1, 2], &[])).await.unwrap();
    daemon.note_account_key(0, COLD.parse().unwrap());
    let status = daemon.status().await.unwrap();
    assert_eq!((daemon.name(), status.id.as_str(), status.version.as_str()), ("here", "here", "2.0.0"));
    assert_eq!((status.wanted_digest, status.users), (desired(&[1, 2], &[]).digest().to_string(), 2));
    assert_eq!((status.node_height, status.synced_height), (Some(BlockHeight(220)), Some(BlockHeight(220))));
    assert_eq!((status.cold_wallet_xpub.as_str(), status.pool_fee.percent()), (COLD, 7.5));
    assert_eq!((status.live_tickets, status.ignored_tickets), (1, 0));
    assert!(status.wallets[0].reachable && status.wallets[0].unlocked);
    assert_eq!(status.wallets[0].account_key.as_deref(), Some(COLD));
    assert!(status.problems.is_empty(), "{:?}", status.problems);
    assert!(status.takes_acknowledged);
    running.engine.problem("tip", "no block for an hour".to_owned());
    running.engine.problem("save", "the disk is full".to_owned());
    let status = daemon.status().await.unwrap();
    assert_eq!(status.problem_topics, ["save", "tip"], "each problem is named by what it is about");
    assert_eq!(status.problems, ["the disk is full", "no block for an hour"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_for_events_is_answered_by_the_first_one_and_otherwise_after_a_while() {
    let (wallet, node, won) = scene();
    let running = ready(&[wallet], &node).await;
    let daemon = Arc::new(LocalDaemon::new(Arc::clone(&running.engine), "here", COLD.parse().unwrap()));
    let known = daemon.events(EventCursor::default()).await.unwrap();
    assert!(known.snapshot);
    let began = Instant::now();
    let none = daemon.events(known.next).await.unwrap();
    assert_eq!((none.next, none.events.len()), (known.next, 0));
    assert_eq!(began.elapsed(), Duration::from_secs(25));

    let waiting = tokio::spawn({
        let daemon = Arc::clone(&daemon);
        async move { daemon.events(known.next).await }
    });
    sleep(Duration::from_secs(1)).await;
    running.win(220, 1, &[won]).await;
    let events = waiting.await.unwrap().unwrap().events;
    assert!(matches!(&events[0].kind, DaemonEventKind::Vote(vote) if vote.ticket == won), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_events_hears_within_seconds_that_a_wallet_is_locked_and_unlocked_again() {
    let (wallet, node, _) = scene();
    let running = ready(&[Arc::clone(&wallet)], &node).await;
    let daemon = LocalDaemon::new(Arc::clone(&running.engine), "here", COLD.parse().unwrap());
    let mut place = daemon.events(EventCursor::default()).await.unwrap().next;
    for (locked, within) in [(true, 4), (false, 2)] {
        wallet.set(if locked { Mood::Unsigned } else { Mood::Fine });
        let began = Instant::now();
        while daemon.status().await.unwrap().wallets[0].unlocked == locked {
            let batch = daemon.events(place).await.unwrap();
            place = batch.next;
        }
        assert!(began.elapsed() < Duration::from_secs(within), "locked {locked}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn it_lists_the_tickets_that_it_votes_and_those_that_it_ignores() {
    let (wallet, node, good) = scene();
    let running = ready(&[wallet], &node).await;
    let poor = ticket(1, 7, Fee::TooLow);
    node.mine(221, 1, vec![poor.clone()]);
    running.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    assert_eq!(running.engine.synced(), Some((block(221, 1), BlockHeight(221))));
    let daemon = LocalDaemon::new(Arc::clone(&running.engine), "here", COLD.parse().unwrap());
    let entry = |ticket| LowFeeEntry { ticket, address: address(1) };
    assert_eq!(daemon.live_tickets().await, Ok(vec![entry(good)]));
    assert_eq!(daemon.ignored_tickets().await, Ok(vec![entry(hash(&poor))]));
}
