//! What votes earned.
//!
//! A vote pays what its ticket cost and the subsidy of a vote on that block, which the rules of the chain fix by the block's
//! height (`CalcStakeVoteSubsidy` of exccd): the reward is known without the vote.

use std::num::NonZeroU32;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, Params, vote_subsidy};
use stakepool_core::ports::{LedgerStore, StoreError};
use stakepool_core::reports::{TicketReport, TicketState};

/// What the vote of a ticket pays beyond its price; `None` where it has not voted. A vote is on the block before its own.
pub fn reward(report: &TicketReport, params: &Params) -> Option<Amount> {
    let mined = report.ended_at.filter(|_| report.state == TicketState::Voted)?;
    Some(vote_subsidy(params, mined.minus(1)))
}

/// What all votes of a user earned, of which the pool's fees are a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earnings {
    /// In the last thirty days, by the wanted time of blocks.
    pub month: Amount,
    /// In the last 365 days, by the wanted time of blocks.
    pub year: Amount,
    /// In all.
    pub all: Amount,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Earnings {
    /// Adds up what a user's votes earned until a height.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(
        ledger: &dyn LedgerStore,
        user: UserId,
        params: &Params,
        tip: BlockHeight,
    ) -> Result<Self, StoreError> {
        let since = |days: u32| tip.minus(blocks(params, DAY * days));
        let (month, year, all) = tokio::try_join!(
            sum(ledger, user, params, since(30)),
            sum(ledger, user, params, since(365)),
            sum(ledger, user, params, BlockHeight(0)),
        )?;
        Ok(Self { month, year, all })
    }
}

/// How many blocks a time has, by their wanted time.
fn blocks(params: &Params, time: Duration) -> u32 {
    let blocks = time.as_millis() / params.target_time_per_block.as_millis().max(1);
    u32::try_from(blocks).unwrap_or(u32::MAX)
}

/// The rewards of the votes that were mined from a height on. They are the same for all votes between two reductions.
async fn sum(ledger: &dyn LedgerStore, user: UserId, params: &Params, from: BlockHeight) -> Result<Amount, StoreError> {
    let interval = NonZeroU32::new(params.subsidy_reduction_interval).unwrap_or(NonZeroU32::MAX);
    let votes = ledger.votes_by_interval(Some(user), from, interval).await?;
    let sums = votes.into_iter().map(|(first, votes)| {
        // The first interval begins with blocks that have no votes, its last block is like all that have.
        let reward = vote_subsidy(params, first.plus(interval.get() - 1));
        reward.atoms().saturating_mul(i64::try_from(votes).unwrap_or(i64::MAX))
    });
    Ok(Amount::from_atoms(sums.fold(0, i64::saturating_add)))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Generation, Network};
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::samples::{NOW, ended, report};

    use super::*;

    #[tokio::test]
    async fn earnings_are_the_sum_of_the_rewards_whatever_the_reductions() {
        let params = Network::Simnet.params(Generation::Today);
        let ledger = MemoryStore::default();
        // Around two reductions, of one block a second.
        let reports: Vec<_> =
            [200, 256, 257, 300, 384, 385, 386].into_iter().map(|n| ended(n, 1, TicketState::Voted, n)).collect();
        ledger.put_tickets("a", &reports, NOW).await.unwrap();
        ledger.put_tickets("a", &[report(1, 1), ended(2, 1, TicketState::Missed, 300)], NOW).await.unwrap();
        let whole: i64 = reports.iter().filter_map(|report| reward(report, &params)).map(Amount::atoms).sum();
        let earned = Earnings::of(&ledger, UserId(1), &params, BlockHeight(400)).await.unwrap();
        assert!(whole > 0 && earned.all == Amount::from_atoms(whole), "{earned:?}");
        assert_eq!((earned.month, earned.year), (earned.all, earned.all));
        let later = Earnings::of(&ledger, UserId(1), &params, BlockHeight(386 + 30 * 86_400)).await.unwrap();
        let last = reward(&reports[6], &params).unwrap();
        assert_eq!((later.month, later.all), (last, earned.all), "a month has thirty days of blocks");
    }

    #[test]
    fn only_votes_have_rewards() {
        let params = Network::Mainnet.params(Generation::Today);
        assert_eq!(reward(&report(1, 1), &params), None);
        assert_eq!(reward(&ended(1, 1, TicketState::Missed, 9_000), &params), None);
        let block = BlockHeight(499_999);
        assert_eq!(reward(&ended(1, 1, TicketState::Voted, 500_000), &params), Some(vote_subsidy(&params, block)));
    }
}
