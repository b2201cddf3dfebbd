//! What a pool asks of tickets, over time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fee::PoolFee;
use crate::chain::{BlockHeight, ExtendedPubKey};

/// What tickets must pay, and to whom, from a height on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The first height at which they hold.
    pub from: BlockHeight,
    /// The fee, in percent.
    pub fee: PoolFee,
    /// The account key of the cold wallet, to which fees go.
    #[serde(with = "text")]
    pub cold_wallet: ExtendedPubKey,
}

/// The terms of a pool as they held and will hold, by height. Empty where nobody kept them.
///
/// A ticket is judged by what holds at the height at which it is mined, or held within a [grace](TermsHistory::judging) of
/// blocks before it, whichever asks less.
///
/// ```
/// use stakepool_core::chain::BlockHeight;
/// use stakepool_core::testkit::tickets::COLD;
/// use stakepool_core::ticket::{PoolFee, Terms, TermsHistory};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cold_wallet = COLD.parse()?;
/// let terms = |from, percent| Ok::<_, Box<dyn std::error::Error>>(Terms { from: BlockHeight(from), fee: PoolFee::from_percent(percent)?, cold_wallet });
/// let history = TermsHistory::new([terms(0, 5.0)?, terms(1_000, 7.5)?]);
/// assert_eq!(history.at(BlockHeight(999)).map(|terms| terms.fee.percent()), Some(5.0));
/// assert_eq!(history.at(BlockHeight(1_000)).map(|terms| terms.fee.percent()), Some(7.5));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Terms>", into = "Vec<Terms>")]
pub struct TermsHistory(BTreeMap<BlockHeight, Terms>);

impl From<Vec<Terms>> for TermsHistory {
    fn from(terms: Vec<Terms>) -> Self {
        Self::new(terms)
    }
}

impl From<TermsHistory> for Vec<Terms> {
    fn from(history: TermsHistory) -> Self {
        history.0.into_values().collect()
    }
}

impl TermsHistory {
    /// The history of these terms; of two from one height the later counts.
    pub fn new(terms: impl IntoIterator<Item = Terms>) -> Self {
        Self(terms.into_iter().map(|terms| (terms.from, terms)).collect())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All terms, the earliest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Terms> + DoubleEndedIterator {
        self.0.values()
    }

    /// What holds at a height. Before the first terms these hold, too: nobody knows others.
    pub fn at(&self, height: BlockHeight) -> Option<&Terms> {
        self.0.range(..=height).next_back().or_else(|| self.0.first_key_value()).map(|(_, terms)| terms)
    }

    /// What will hold after a height.
    pub fn after(&self, height: BlockHeight) -> impl Iterator<Item = &Terms> {
        self.0.range(height.plus(1)..).map(|(_, terms)| terms)
    }

    /// The terms by one of which a ticket that is mined at `height` is judged: those of that height, and those that held
    /// within `grace` blocks before it. A ticket may wait that long to be mined, and a user's wallet is told of a change later
    /// than the pool.
    pub fn judging(&self, height: BlockHeight, grace: u32) -> impl Iterator<Item = &Terms> {
        let first = self.at(height.minus(grace)).map_or(BlockHeight(0), |terms| terms.from);
        let last = self.at(height).map_or(BlockHeight(0), |terms| terms.from);
        self.0.range(first..=last.max(first)).map(|(_, terms)| terms)
    }
}

/// A key as its text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::chain::ExtendedPubKey;

    pub(super) fn serialize<S: Serializer>(key: &ExtendedPubKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExtendedPubKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
