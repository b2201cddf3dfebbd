//! What one side says is what the other side hears.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{DaemonError, EventCursor, MOST_BLOCKS, VotingDaemon};
use stakepool_core::reports::VoteOutcome;

use super::fake::{EPOCH, block, entry, status, ticket_report, vote_record, wanted};
use super::{Daemon, with_token};

#[tokio::test]
async fn a_status_arrives_as_it_was_told() {
    let daemon = Daemon::start(with_token()).await;
    assert_eq!(daemon.client().status().await, Ok(status(&wanted(0, 0))));
    daemon.stop().await;
}

#[tokio::test]
async fn calls_are_counted_by_method_and_those_that_fail_apart() {
    let daemon = Daemon::start(with_token()).await;
    let client = daemon.client();
    client.status().await.unwrap();
    client.status().await.unwrap();
    client.put_desired(&wanted(1, 0)).await.unwrap();
    daemon.stop().await;
    client.status().await.unwrap_err();
    let figures = client.call_figures();
    let counts: Vec<_> = figures.iter().map(|(method, of)| (*method, of.calls, of.errors)).collect();
    assert_eq!(counts, [("GetStatus", 3, 1), ("PutWanted", 1, 0)]);
    assert!(figures.values().all(|of| !of.time.is_zero()));
}

#[tokio::test]
async fn users_and_added_tickets_arrive_whole_and_with_the_same_digest() {
    let daemon = Daemon::start(with_token()).await;
    let client = daemon.client();
    for state in [wanted(12_000, 7_000), wanted(1, 0), wanted(0, 0)] {
        client.put_desired(&state).await.unwrap();
        assert_eq!(daemon.backend.received.lock().unwrap().wanted, state);
        assert_eq!(client.status().await.unwrap().wanted_digest, state.digest().to_string());
        assert_eq!(client.added_tickets().await.unwrap().len(), state.added().len());
    }
    daemon.stop().await;
}

#[tokio::test]
async fn fifty_thousand_tickets_arrive_in_a_list_that_the_predecessor_can_take() {
    let daemon = Daemon::start(with_token()).await;
    let live: Vec<_> = (0..50_000).map(entry).collect();
    let ignored = vec![entry(7)];
    {
        let mut told = daemon.backend.received.lock().unwrap();
        (told.live, told.ignored) = (live.clone(), ignored.clone());
    }
    let client = daemon.client();
    assert_eq!(client.live_tickets().await, Ok(live));
    assert_eq!(client.ignored_tickets().await, Ok(ignored));
    daemon.stop().await;
}

#[tokio::test]
async fn blocks_arrive_as_they_are_and_no_more_than_may_be_asked_for_at_once() {
    let daemon = Daemon::start(with_token()).await;
    let heights = |range: std::ops::Range<u32>| range.map(BlockHeight).collect::<Vec<_>>();
    let blocks = |range| heights(range).into_iter().map(block).collect::<Vec<_>>();
    let client = daemon.client();
    assert_eq!(client.blocks(&heights(98..103)).await, Ok(blocks(98..100)), "the chain ends");
    assert_eq!(client.blocks(&heights(0..90)).await, Ok(blocks(0..MOST_BLOCKS as u32)));
    daemon.stop().await;
}

#[tokio::test]
async fn every_kind_of_event_arrives_as_it_happened() {
    let daemon = Daemon::start(with_token()).await;
    for n in 0..15 {
        daemon.backend.happen(ticket_report(n));
    }
    let failed = VoteOutcome::Failed("the wallet is locked".to_owned());
    for outcome in [VoteOutcome::Sent, VoteOutcome::AlreadyKnown, VoteOutcome::RivalVote, failed] {
        daemon.backend.happen(vote_record(outcome));
    }
    let batch = daemon.client().events(EventCursor { epoch: EPOCH, seq: 2 }).await.unwrap();
    assert_eq!(batch.events, daemon.backend.received.lock().unwrap().events[2..]);
    assert_eq!((batch.next, batch.snapshot), (EventCursor { epoch: EPOCH, seq: 19 }, false));
    daemon.stop().await;
}

#[tokio::test]
async fn a_snapshot_of_many_events_arrives_as_one_batch() {
    let daemon = Daemon::start(with_token()).await;
    for n in 0..20_000 {
        daemon.backend.happen(ticket_report(n));
    }
    let batch = daemon.client().events(EventCursor::default()).await.unwrap();
    assert!(batch.snapshot);
    assert_eq!(batch.next, EventCursor { epoch: EPOCH, seq: 20_000 });
    assert!(batch.events == daemon.backend.received.lock().unwrap().events);
    daemon.stop().await;
}

#[tokio::test]
async fn a_call_for_events_waits_for_the_next_one_and_then_for_nothing() {
    let daemon = Daemon::start(with_token()).await;
    let client = daemon.client();
    let start = EventCursor { epoch: EPOCH, seq: 0 };
    let (batch, ()) = tokio::join!(client.events(start), async {
        daemon.backend.waiting.notified().await;
        daemon.backend.happen(ticket_report(1));
    });
    let batch = batch.unwrap();
    assert_eq!((batch.events.len(), batch.snapshot), (1, false));
    let nothing = client.events(batch.next).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.next), (0, batch.next));
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_that_is_not_ready_says_why() {
    let daemon = Daemon::start(with_token()).await;
    daemon.backend.received.lock().unwrap().starting = true;
    let error = daemon.client().status().await.unwrap_err();
    assert!(
        matches!(&error, DaemonError::NotReady { reason, .. } if reason == "the daemon is still reading the chain"),
        "{error}"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn every_daemon_answers_a_ping_and_the_predecessors_version() {
    let daemon = Daemon::start(with_token()).await;
    let client = daemon.client();
    client.ping().await.unwrap();
    assert_eq!(client.service_version().await.as_deref(), Ok("4.0.0"));
    assert_eq!(client.name(), daemon.address.to_string());
    daemon.stop().await;
}
