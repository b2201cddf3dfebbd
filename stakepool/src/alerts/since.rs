//! From when on something that happened is news.

use std::time::Duration;

use stakepool_core::chain::BlockHeight;
use stakepool_core::time::UnixTime;

/// How many blocks back a miss may be. A daemon that is new, or lost its state, reports all that ever happened.
const BLOCKS: u32 = 300;
/// What was missed in so many blocks before may not have been sent by the instance before this one.
const UNTOLD: u32 = 2;

/// Where the past begins that alerts go out for. What happened before was sent by the instance that ran then, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// Votes that could not be cast from this moment on.
    pub(super) from: UnixTime,
    first: Option<BlockHeight>,
}

impl Since {
    /// For an instance that begins to alert at `now`: what happened within `gap` before is news.
    pub(super) fn new(now: UnixTime, gap: Duration) -> Self {
        Self { from: now.minus(gap), first: None }
    }

    /// After a clock that was ahead is right again: what happens from `now` on is news.
    pub(super) fn not_after(&mut self, now: UnixTime) {
        self.from = self.from.min(now);
    }

    /// The height from which on alerts go out for missed tickets, where the best one is `best`.
    pub(super) fn first_height(&mut self, best: BlockHeight) -> BlockHeight {
        let first = *self.first.get_or_insert(best.minus(UNTOLD));
        first.max(best.minus(BLOCKS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_before_the_start_is_no_news_and_neither_is_what_is_long_ago() {
        let mut news = Since::new(UnixTime(1000), Duration::from_secs(150));
        assert_eq!(news.from, UnixTime(850));
        news.not_after(UnixTime(2000));
        assert_eq!(news.from, UnixTime(850));
        news.not_after(UnixTime(700));
        assert_eq!(news.from, UnixTime(700), "the clock was ahead");
        assert_eq!(news.first_height(BlockHeight(500)), BlockHeight(498));
        assert_eq!(news.first_height(BlockHeight(510)), BlockHeight(498));
        assert_eq!(news.first_height(BlockHeight(900)), BlockHeight(600));
    }
}
