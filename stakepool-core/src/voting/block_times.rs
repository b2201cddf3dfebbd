//! The times of the latest blocks of the best chain, from their headers.

use std::collections::VecDeque;

use crate::chain::BlockHeight;
use crate::time::UnixTime;

/// How many blocks are kept: a little more than for how many an ended ticket is remembered, at four bytes each.
const KEPT: usize = 9_000;

/// Times by height, without a gap.
#[derive(Debug, Default)]
pub(super) struct BlockTimes {
    first: u32,
    times: VecDeque<u32>,
}

impl BlockTimes {
    /// Notes the time of a block of the best chain; those that were above it have left it.
    pub(super) fn note(&mut self, height: BlockHeight, time: u32) {
        self.forget_from(height);
        if self.next() != height.0 {
            self.times.clear();
            self.first = height.0;
        }
        self.times.push_back(time);
        if self.times.len() > KEPT {
            self.times.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// Blocks from a height on left the best chain.
    pub(super) fn forget_from(&mut self, height: BlockHeight) {
        let kept = height.0.saturating_sub(self.first);
        self.times.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
    }

    /// The time of the block at a height, where it is one of the latest.
    pub(super) fn at(&self, height: BlockHeight) -> Option<UnixTime> {
        let index = usize::try_from(height.0.checked_sub(self.first)?).ok()?;
        self.times.get(index).map(|time| UnixTime(i64::from(*time)))
    }

    fn next(&self) -> u32 {
        self.first.saturating_add(u32::try_from(self.times.len()).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &BlockTimes, height: u32) -> Option<i64> {
        times.at(BlockHeight(height)).map(|time| time.0)
    }

    #[test]
    fn times_of_blocks_that_left_the_chain_give_way() {
        let mut times = BlockTimes::default();
        for (height, time) in [(7, 70), (8, 80), (9, 90), (8, 81)] {
            times.note(BlockHeight(height), time);
        }
        assert_eq!([6, 7, 8, 9].map(|height| at(&times, height)), [None, Some(70), Some(81), None]);
        times.forget_from(BlockHeight(8));
        assert_eq!([7, 8].map(|height| at(&times, height)), [Some(70), None]);
        times.forget_from(BlockHeight(2));
        assert_eq!(at(&times, 7), None);
    }

    #[test]
    fn after_a_gap_the_times_begin_anew_and_the_oldest_are_forgotten() {
        let mut times = BlockTimes::default();
        times.note(BlockHeight(7), 70);
        times.note(BlockHeight(20), 200);
        assert_eq!([7, 20].map(|height| at(&times, height)), [None, Some(200)]);
        for height in 21..20 + KEPT as u32 + 2 {
            times.note(BlockHeight(height), height * 10);
        }
        assert_eq!([21, 22].map(|height| at(&times, height)), [None, Some(220)]);
    }
}
