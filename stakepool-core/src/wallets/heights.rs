//! The heights that one wallet or node reported lately, by time.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::chain::BlockHeight;

/// How many heights are kept: with a look every two seconds and a block in between each time, two minutes.
const KEPT: usize = 64;

/// The heights that one wallet or node reported lately, by time. Blocks come between two looks, so that heights of two peers say
/// only then that one is behind where they are of one moment.
///
/// ```
/// use std::time::Duration;
/// use stakepool_core::chain::BlockHeight;
/// use stakepool_core::wallets::RecentHeights;
/// use tokio::time::Instant;
///
/// let (begin, second) = (Instant::now(), Duration::from_secs(1));
/// let mut heights = RecentHeights::default();
/// heights.note(begin, begin + second, BlockHeight(7));
/// heights.note(begin + second * 4, begin + second * 5, BlockHeight(9));
/// assert_eq!(heights.by(begin + second * 4), Some(BlockHeight(7)));
/// assert_eq!((heights.by(begin), heights.asked()), (None, Some(begin + second * 4)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentHeights {
    /// When a height was first reported after another, the oldest first.
    reported: VecDeque<(Instant, BlockHeight)>,
    asked: Option<Instant>,
}

impl RecentHeights {
    /// Notes an answer and when it was asked for.
    pub fn note(&mut self, asked: Instant, answered: Instant, height: BlockHeight) {
        self.asked = Some(asked);
        if self.last() != Some(height) {
            self.reported.push_back((answered, height));
        }
        if self.reported.len() > KEPT {
            self.reported.pop_front();
        }
    }

    /// These heights, and then later ones.
    #[must_use]
    pub fn followed_by(mut self, later: &Self) -> Self {
        for (answered, height) in &later.reported {
            self.note(later.asked.unwrap_or(*answered), *answered, *height);
        }
        self
    }

    /// When the last answer was asked for.
    pub const fn asked(&self) -> Option<Instant> {
        self.asked
    }

    /// The height of the last answer.
    pub fn last(&self) -> Option<BlockHeight> {
        self.reported.back().map(|(_, height)| *height)
    }

    /// The height of the last answer that was there by a moment.
    pub fn by(&self, moment: Instant) -> Option<BlockHeight> {
        let by_then = self.reported.iter().rev().find(|(answered, _)| *answered <= moment);
        by_then.map(|(_, height)| *height)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_height_counts_from_when_it_was_first_reported_and_is_forgotten_at_last() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut heights = RecentHeights::default();
        for second in 0..10 {
            heights.note(at(second), at(second), BlockHeight(1));
        }
        assert_eq!((heights.by(at(0)), heights.asked()), (Some(BlockHeight(1)), Some(at(9))));
        let mut later = RecentHeights::default();
        later.note(at(10), at(11), BlockHeight(2));
        let all = heights.clone().followed_by(&later);
        assert_eq!(
            (all.by(at(10)), all.by(at(11)), all.asked()),
            (Some(BlockHeight(1)), Some(BlockHeight(2)), Some(at(10)))
        );
        for height in 0..1000 {
            heights.note(at(height.into()), at(height.into()), BlockHeight(height));
        }
        assert_eq!((heights.by(at(900)), heights.last()), (None, Some(BlockHeight(999))));
        assert_eq!(heights.reported.len(), KEPT);
    }
}
