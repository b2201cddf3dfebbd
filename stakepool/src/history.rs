//! The past of the pool, day by day.

use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Generation};
use stakepool_core::ports::{NetworkDay, StakeInfo, StoreError, Turnover};
use stakepool_core::time::{Day, UnixTime};
use tokio::time::sleep;

use crate::pool::Pool;
use crate::tickets::Tally;

/// Days of a history.
pub const DAYS: usize = 30;
/// How long to wait at the start, while the wallets are just being reached.
const AT_START: Duration = Duration::from_secs(3);
/// How often the network is noted, and how long to wait after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(30));

/// Notes the network without end. Several instances do no harm: a day has one row.
pub(crate) async fn keep(pool: &Pool) {
    sleep(AT_START).await;
    loop {
        // Not the figures that pages share: those are read when somebody looks.
        let noted = match pool.parts.stats.stake_info().await {
            Ok(stake) => note(pool, &stake).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = &noted {
            tracing::debug!(%error, "the day's figures could not be noted");
        }
        sleep(if noted.is_ok() { PAUSES.0 } else { PAUSES.1 }).await;
    }
}

async fn note(pool: &Pool, stake: &StakeInfo) -> Result<(), StoreError> {
    // A wallet whose node is unreachable returns no pool size.
    if stake.pool_size == 0 {
        return Ok(());
    }
    pool.parts.history.note_day(&today(pool.now(), stake, pool.tally().await?)).await
}

const fn today(now: UnixTime, stake: &StakeInfo, tally: Tally) -> NetworkDay {
    NetworkDay { day: Day::of(now), height: stake.height, network_live: stake.pool_size, pool_live: tally.live }
}

/// What happened to tickets in the last [`DAYS`] days, today last.
#[derive(Clone, Debug)]
pub struct Past {
    /// The days.
    pub days: Vec<Day>,
    /// The network on those of the days on which it was looked at.
    pub seen: Vec<NetworkDay>,
    /// What happened on each day.
    pub turnover: Vec<Turnover>,
    /// Live and immature tickets at the end of each day.
    pub stock: Vec<(u64, u64)>,
}

impl Past {
    /// The same without the days before the first on which there was anything, but at least as many days as `least`.
    #[must_use]
    pub fn fitting(mut self, least: usize) -> Self {
        let is_empty = |day: usize| {
            self.turnover[day] == Turnover::default()
                && self.stock[day] == (0, 0)
                && !self.seen.iter().any(|seen| seen.day == self.days[day])
        };
        let count = self.days.len().min(self.turnover.len()).min(self.stock.len());
        let before = (0..count).take_while(|day| is_empty(*day)).count().min(count.saturating_sub(least));
        self.days.drain(..before);
        self.turnover.drain(..before);
        self.stock.drain(..before);
        self
    }
}

impl Pool {
    /// The past of the tickets of one user or, for `None`, of the whole pool. There are the tickets of `tally` when the best
    /// block is `tip`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn past(&self, user: Option<UserId>, tally: Tally, tip: BlockHeight) -> Result<Past, StoreError> {
        Past::read(self, user, tally, tip).await
    }

    /// Today, as far as it has gone.
    pub fn today(&self, stake: &StakeInfo, tally: Tally) -> NetworkDay {
        today(self.now(), stake, tally)
    }
}

impl Past {
    async fn read(pool: &Pool, user: Option<UserId>, tally: Tally, tip: BlockHeight) -> Result<Self, StoreError> {
        let (history, now) = (&pool.parts.history, pool.now());
        let first = Day::of(now).back(DAYS as i64);
        let seen = history.days_since(first).await?;
        let params = pool.terms.network.params(Generation::Today);
        let bounds = bounds(now, tip, params.target_time_per_block, &seen);
        let mature = |bound: &BlockHeight| BlockHeight(bound.0.saturating_sub(params.ticket_maturity));
        let matured_bounds: Vec<_> = bounds.iter().map(mature).collect();
        let turnover = history.turnover(user, &bounds).await?;
        let matured = history.turnover(user, &matured_bounds).await?;
        let stock = walk_back((tally.live, tally.immature), &turnover, &matured);
        let days = (1..=DAYS as i64).map(|day| Day(first.0 + day)).collect();
        Ok(Self { days, seen, turnover, stock })
    }
}

/// The heights at the ends of the last days, the day before them first. A day on which nobody looked gets the height
/// that it must have had at the wanted pace.
fn bounds(now: UnixTime, tip: BlockHeight, spacing: Duration, seen: &[NetworkDay]) -> Vec<BlockHeight> {
    let today = Day::of(now);
    let spacing = i64::try_from(spacing.as_secs()).unwrap_or(i64::MAX).max(1);
    let mut bounds = vec![tip];
    let (mut known, mut at) = (tip, now.0);
    for back in 1..=DAYS as i64 {
        let day = today.back(back);
        let end = (day.0 + 1).saturating_mul(Day::SECONDS);
        let height = match seen.iter().find(|seen| seen.day == day) {
            Some(seen) => {
                (known, at) = (seen.height.min(known), end);
                known
            }
            None => {
                let blocks = at.saturating_sub(end).max(0) / spacing;
                BlockHeight(known.0.saturating_sub(u32::try_from(blocks).unwrap_or(u32::MAX)))
            }
        };
        let later = bounds.last().copied().unwrap_or(tip);
        bounds.push(height.min(later));
    }
    bounds.reverse();
    bounds
}

/// Live and immature tickets at the end of each day, from those of now. What was mined on a day was not there before,
/// what ended on it was, and what matured on it (`matured.mined`) was immature before.
fn walk_back(now: (u64, u64), turnover: &[Turnover], matured: &[Turnover]) -> Vec<(u64, u64)> {
    let (mut live, mut immature) = now;
    let mut stock: Vec<_> = turnover
        .iter()
        .zip(matured)
        .rev()
        .map(|(day, matured)| {
            let at_its_end = (live, immature);
            live = (live + day.voted + day.missed + day.expired).saturating_sub(matured.mined);
            immature = (immature + matured.mined).saturating_sub(day.mined);
            at_its_end
        })
        .collect();
    stock.reverse();
    stock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_of_a_day_follows_from_the_next() {
        let day = |mined, voted| Turnover { mined, voted, ..Turnover::default() };
        // Day 1: 4 mined. Day 2: 3 of them mature, 2 more are mined. Day 3: the fourth matures, one votes, one is missed.
        let turnover = [day(4, 0), day(2, 0), Turnover { missed: 1, ..day(0, 1) }];
        let matured = [day(0, 0), day(3, 0), day(1, 0)];
        assert_eq!(walk_back((2, 2), &turnover, &matured), [(0, 4), (3, 3), (2, 2)]);
    }

    #[test]
    fn days_end_where_they_were_seen_to_and_otherwise_at_the_wanted_pace() {
        let now = UnixTime(100 * Day::SECONDS + 3_600);
        let seen = [NetworkDay { day: Day(97), height: BlockHeight(9_000), network_live: 1, pool_live: 1 }];
        let bounds = bounds(now, BlockHeight(10_000), Duration::from_secs(360), &seen);
        assert_eq!(bounds.len(), DAYS + 1);
        // Ten blocks an hour: ten of today, 240 of yesterday, then the day that was seen, and on from there.
        assert_eq!(&bounds[DAYS - 4..], [8_760, 9_000, 9_750, 9_990, 10_000].map(BlockHeight));
        assert!(bounds.is_sorted());
    }

    #[test]
    fn a_past_is_cut_to_the_days_on_which_there_was_anything() {
        let past = |first: usize| Past {
            days: (0..30).map(Day).collect(),
            seen: Vec::new(),
            turnover: vec![Turnover::default(); 30],
            stock: (0..30).map(|day| (u64::from(day >= first), 0)).collect(),
        };
        let days = |past: Past| (past.days.len(), past.days[0], past.turnover.len(), past.stock[0]);
        assert_eq!(days(past(20).fitting(7)), (10, Day(20), 10, (1, 0)));
        assert_eq!(days(past(29).fitting(7)), (7, Day(23), 7, (0, 0)));
        assert_eq!(days(past(99).fitting(7)), (7, Day(23), 7, (0, 0)), "nothing at all");
        assert_eq!(days(past(0).fitting(7)).0, 30);
        let seen = NetworkDay { day: Day(12), height: BlockHeight(1), network_live: 1, pool_live: 0 };
        assert_eq!(days(Past { seen: vec![seen], ..past(20) }.fitting(7)).0, 18);
    }

    #[test]
    fn odd_heights_and_clocks_are_no_fault() {
        let seen = [NetworkDay { day: Day(-1), height: BlockHeight(u32::MAX), network_live: 0, pool_live: 0 }];
        for now in [i64::MIN, 0, i64::MAX] {
            for tip in [0, u32::MAX] {
                assert!(bounds(UnixTime(now), BlockHeight(tip), Duration::ZERO, &seen).is_sorted());
            }
        }
    }
}
