//! What the wallets of a pool agree on.

use crate::chain::{KeyIndex, RedeemScript};

/// What every wallet must agree on when a user registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The user's key index.
    pub index: KeyIndex,
    /// The script that the pool made of its own key and the user's.
    pub script: RedeemScript,
}
