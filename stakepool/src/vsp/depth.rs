//! How deep something lies in the chain.

use stakepool_core::chain::BlockHeight;
use stakepool_core::vsp::CONFIRMATIONS;

/// How deep something is that was mined at a height: 1 in the best block. A block that is newer than the best one that was seen
/// counts as that.
pub(super) const fn depth(best: BlockHeight, mined_at: BlockHeight) -> u32 {
    best.0.saturating_sub(mined_at.0).saturating_add(1)
}

/// Whether something that was mined at a height counts as confirmed.
pub(super) const fn is_confirmed(best: BlockHeight, mined_at: BlockHeight) -> bool {
    depth(best, mined_at) >= CONFIRMATIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_block_is_one_deep_and_so_is_a_newer_one() {
        for (height, deep) in [(101, 1), (100, 1), (99, 2), (0, 101)] {
            assert_eq!(depth(BlockHeight(100), BlockHeight(height)), deep);
        }
    }

    #[test]
    fn the_block_that_mines_something_is_its_first_confirmation() {
        let mined_at = BlockHeight(100);
        assert!(is_confirmed(BlockHeight(99 + CONFIRMATIONS), mined_at));
        assert!(!is_confirmed(BlockHeight(98 + CONFIRMATIONS), mined_at));
    }
}
