//! How far behind a wallet or a daemon is.
//!
//! Blocks come between two looks: heights are compared with what others had reported before a height was asked for, so that
//! nobody seems to be behind who was only looked at earlier.

use std::time::Duration;

use stakepool_core::chain::{BlockHeight, Network};
use stakepool_core::wallets::{Health, MemberStatus, RecentHeights};

use crate::daemons::DaemonView;

/// How many blocks one may be behind another at the same moment before that is a problem.
pub(super) const LAG_ALLOWED: u32 = 2;
/// How long a block may take from one to the other.
pub(super) const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// The heights of all wallets and daemons of this pool.
pub(super) struct Heights<'a>(Vec<&'a RecentHeights>);

impl<'a> Heights<'a> {
    /// Those of `wallets`, but for wallets that disagree with the pool, and of the daemons whose views these are: wallets and
    /// daemons of another network say nothing of this one's height.
    pub(super) fn of(
        network: Network,
        wallets: &'a [MemberStatus],
        views: impl Iterator<Item = &'a DaemonView>,
    ) -> Self {
        let wallets = wallets.iter().filter(|wallet| !matches!(wallet.health, Health::Disagrees { .. }));
        let ours = views.filter(|view| view.status.as_ref().is_some_and(|status| status.network == network));
        let of_daemons = ours.flat_map(|view| [&view.node_heights, &view.synced_heights]);
        Self(wallets.map(|wallet| &wallet.heights).chain(of_daemons).collect())
    }

    /// The best of the heights that were reported last.
    pub(super) fn best(&self) -> Option<BlockHeight> {
        self.0.iter().filter_map(|heights| heights.last()).max()
    }

    /// How far behind one was when it was asked last; `None` where it has reported no height.
    pub(super) fn lag(&self, of: &RecentHeights) -> Option<u32> {
        let height = of.last()?;
        let moment = of.asked().and_then(|asked| asked.checked_sub(ON_ITS_WAY));
        let best = self.0.iter().filter_map(|heights| heights.by(moment?)).max();
        Some(best.map_or(0, |best| best.0.saturating_sub(height.0)))
    }

    /// Whether somebody may be behind, as far as heights of different moments tell.
    pub(super) fn differ(&self) -> bool {
        let lowest = self.0.iter().filter_map(|heights| heights.last()).min();
        lowest.zip(self.best()).is_some_and(|(lowest, best)| best.0 - lowest.0 > LAG_ALLOWED)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Looks at a chain with a block every 100 ms, each from one offset on and every two seconds, with answers that take half a
    /// second. `stuck` stays where it was.
    fn looks(begin: Instant, offset: u64, until: u64, stuck: Option<u32>) -> RecentHeights {
        let mut heights = RecentHeights::default();
        let at = |millis| begin + Duration::from_millis(millis);
        for asked in (offset..until).step_by(2000) {
            let height = u32::try_from(asked / 100).unwrap();
            heights.note(at(asked), at(asked + 500), BlockHeight(stuck.map_or(height, |stuck| stuck.min(height))));
        }
        heights
    }

    #[test]
    fn with_a_block_every_tenth_of_a_second_nobody_seems_to_be_behind_who_is_not() {
        let begin = Instant::now();
        for until in (5_000..30_000).step_by(100) {
            let all: Vec<_> = [0, 300, 1000, 1700].map(|offset| looks(begin, offset, until, None)).into();
            let heights = Heights(all.iter().collect());
            for one in &all {
                assert_eq!(heights.lag(one), Some(0), "at {until}");
            }
            assert!(until < 6_000 || heights.differ() || heights.best().is_some());
        }
    }

    #[test]
    fn one_that_is_stuck_is_behind_within_five_seconds_and_stays_so() {
        let begin = Instant::now();
        for until in (15_000..40_000).step_by(100) {
            // At 10 s it is stuck.
            let stuck = looks(begin, 700, until, Some(100));
            let others = [0, 1300].map(|offset| looks(begin, offset, until, None));
            let heights = Heights(others.iter().chain([&stuck]).collect());
            assert!(heights.lag(&stuck).unwrap() > LAG_ALLOWED, "at {until}");
            assert!(heights.differ());
        }
    }

    #[test]
    fn one_without_a_height_has_no_lag_and_one_alone_is_not_behind() {
        let none = RecentHeights::default();
        assert_eq!((Heights(vec![&none]).lag(&none), Heights(vec![&none]).best()), (None, None));
        let alone = looks(Instant::now(), 0, 9_000, Some(3));
        assert_eq!(Heights(vec![&alone]).lag(&alone), Some(0));
    }
}
