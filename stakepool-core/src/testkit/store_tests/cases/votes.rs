//! The ledger of votes.

use std::time::Duration;

use crate::ports::{LedgerStore, StoredVote};
use crate::reports::{VoteOutcome, VoteRecord, VoteTimings};

use crate::testkit::samples::{ticket, vote};
use crate::testkit::store_tests::fixture::Fixture;

fn stored(daemon: &str, record: VoteRecord) -> StoredVote {
    StoredVote { daemon: daemon.to_owned(), record }
}

fn failed(record: VoteRecord, error: &str) -> VoteRecord {
    VoteRecord { outcome: VoteOutcome::Failed(error.to_owned()), ..record }
}

pub(crate) async fn votes_are_found_latest_first<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let rival = VoteRecord { outcome: VoteOutcome::RivalVote, ..vote(1, 10, 5_000) };
    let timings = VoteTimings { total: Duration::from_secs(3600), ..VoteTimings::default() };
    let known = VoteRecord { outcome: VoteOutcome::AlreadyKnown, timings, attempts: u32::MAX, ..vote(2, 11, 6_000) };
    let lost = failed(vote(1, 12, 7_000), "wallet localhost:9110 is locked");
    stores.put_votes("a", &[lost.clone(), rival.clone()]).await.unwrap();
    stores.put_votes("b", std::slice::from_ref(&known)).await.unwrap();
    stores.put_votes("b", &[]).await.unwrap();
    let all = [stored("a", lost.clone()), stored("b", known), stored("a", rival.clone())];
    assert_eq!(stores.votes(None, 9).await.unwrap(), all);
    assert_eq!(stores.votes(None, 2).await.unwrap(), all[..2]);
    assert_eq!(stores.votes(Some(&ticket(1)), 9).await.unwrap(), [stored("a", lost.clone()), stored("a", rival)]);
    assert_eq!(stores.votes(Some(&ticket(1)), 1).await.unwrap(), [stored("a", lost)]);
    assert_eq!(stores.votes(Some(&ticket(3)), u64::MAX).await, Ok(vec![]));
}

pub(crate) async fn a_vote_told_again_is_stored_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for _ in 0..2 {
        stores.put_votes("a", &[vote(1, 10, 5_000), vote(1, 10, 5_000), vote(1, 11, 5_000)]).await.unwrap();
        stores.put_votes("b", &[vote(1, 10, 5_000)]).await.unwrap();
    }
    assert_eq!(stores.votes(None, 9).await.unwrap().len(), 3);
}

pub(crate) async fn the_first_vote_that_was_cast_stays<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let only = async || {
        let votes = stores.votes(None, 9).await.unwrap();
        assert_eq!(votes.len(), 1);
        votes[0].record.clone()
    };
    let first = failed(vote(1, 10, 1_000), "first");
    let second = failed(vote(1, 10, 2_000), "second");
    stores.put_votes("a", &[second.clone(), first]).await.unwrap();
    assert_eq!(only().await, second);
    stores.put_votes("a", &[vote(1, 10, 3_000)]).await.unwrap();
    assert_eq!(only().await, vote(1, 10, 3_000));
    let again = VoteRecord { outcome: VoteOutcome::AlreadyKnown, ..vote(1, 10, 9_000) };
    stores.put_votes("a", &[again, failed(vote(1, 10, 9_500), "late")]).await.unwrap();
    assert_eq!(only().await, vote(1, 10, 3_000));
}
