//! Where the end of a ticket is to be looked for.

use stakepool_core::chain::BlockHeight;

/// Where the end of a ticket is to be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// Nowhere: it has not ended.
    None,
    /// Among the last blocks: its end is known, and older ones are too deep to matter.
    Recent,
    /// From a block on.
    From(BlockHeight),
}
