//! What the pool knows of its terms over time.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ticket::TermsHistory;

/// How the fee and the cold wallet change over time, as far as is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverTime {
    /// What held and will hold. Empty until the pool has read it.
    pub history: TermsHistory,
    /// The best block.
    pub tip: Option<BlockHeight>,
}
