//! How far behind a wallet or a daemon may be.

use std::time::Duration;

use stakepool_core::chain::{BlockHeight, Generation, Network};

/// How many blocks one may be behind another at the same moment: a block takes a moment to reach everybody.
pub(super) const LAG_ALLOWED: u32 = 2;

/// What may lie between two looks, where an answer took its time.
const BETWEEN_LOOKS: Duration = Duration::from_secs(15);

/// How many blocks a wallet or a daemon may be behind the best before that is a problem. They are looked at one after
/// the other, and on a fast network blocks come between two looks.
pub(super) fn lag_allowed(network: Network) -> u32 {
    // The same in both generations.
    let block_time = network.params(Generation::Today).target_time_per_block.as_secs().max(1);
    LAG_ALLOWED.saturating_add(u32::try_from(BETWEEN_LOOKS.as_secs() / block_time).unwrap_or(u32::MAX))
}

/// How far behind the best height, where both are known.
pub(super) fn lag(height: Option<BlockHeight>, best: Option<BlockHeight>) -> Option<u32> {
    Some(best?.0.saturating_sub(height?.0))
}
