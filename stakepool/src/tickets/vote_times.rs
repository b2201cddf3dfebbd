//! How long votes took.

use std::time::Duration;

use stakepool_core::ports::{AdminStore, Slice, StoreError, StoredVote, VoteQuery};
use stakepool_core::reports::VoteOutcome;

/// Of how many of the latest records the times are made.
const MEASURED: u64 = 1000;

/// How long votes took that a daemon cast, from the notification to the node's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoteTimes {
    /// How many votes there were.
    pub count: usize,
    /// Half of them were as fast.
    pub median: Duration,
    /// 95 of 100 were as fast.
    pub slow: Duration,
    /// The slowest.
    pub slowest: Duration,
}

impl VoteTimes {
    /// The times of the latest votes that a query asks for; `None` where no daemon cast one of them.
    ///
    /// # Errors
    /// [`StoreError`] where the records cannot be read.
    pub async fn find(admin: &dyn AdminStore, query: &VoteQuery) -> Result<Option<Self>, StoreError> {
        let found = admin.find_votes(query, Slice { offset: 0, limit: MEASURED }).await?;
        Ok(Self::of(found.rows.iter().map(|row| &row.vote)))
    }

    /// Those of votes that another daemon sent say how fast that one was, and do not count.
    fn of<'a>(votes: impl Iterator<Item = &'a StoredVote>) -> Option<Self> {
        let cast = votes.filter(|vote| vote.record.outcome == VoteOutcome::Sent);
        let mut times: Vec<Duration> = cast.map(|vote| vote.record.timings.total).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { count: times.len(), median: at(50)?, slow: at(95)?, slowest: at(100)? })
    }
}

#[cfg(test)]
mod tests {
    use stakepool_core::testkit::samples::vote;

    use super::*;

    fn took(millis: u64, outcome: VoteOutcome) -> StoredVote {
        let mut record = vote(1, 1, 1);
        (record.outcome, record.timings.total) = (outcome, Duration::from_millis(millis));
        StoredVote { daemon: "d:1".to_owned(), record }
    }

    #[test]
    fn without_a_vote_of_a_daemons_own_there_are_no_times() {
        assert_eq!(VoteTimes::of(std::iter::empty()), None);
        assert_eq!(VoteTimes::of([took(5, VoteOutcome::AlreadyKnown)].iter()), None);
    }

    #[test]
    fn half_of_the_votes_and_95_of_100_were_as_fast_and_those_of_others_do_not_count() {
        let mut votes: Vec<_> = (1..=100).rev().map(|millis| took(millis, VoteOutcome::Sent)).collect();
        votes.push(took(9000, VoteOutcome::AlreadyKnown));
        let [median, slow, slowest] = [50, 95, 100].map(Duration::from_millis);
        assert_eq!(VoteTimes::of(votes.iter()), Some(VoteTimes { count: 100, median, slow, slowest }));
        let one = took(7, VoteOutcome::Sent);
        let seven = Duration::from_millis(7);
        let alone = VoteTimes { count: 1, median: seven, slow: seven, slowest: seven };
        assert_eq!(VoteTimes::of(std::iter::once(&one)), Some(alone));
    }
}
