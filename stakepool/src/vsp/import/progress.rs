//! How far an import is.

use stakepool_core::chain::BlockHeight;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportProgress {
    /// Tickets are looked up at the node.
    Tickets {
        /// Those that were.
        done: usize,
        /// All.
        all: usize,
    },
    /// Blocks are looked through for the ends of tickets.
    Blocks {
        /// The block that was.
        at: BlockHeight,
        /// The last one.
        last: BlockHeight,
    },
    /// Tickets are written.
    Writing {
        /// Those that were.
        done: usize,
        /// All.
        all: usize,
    },
}
