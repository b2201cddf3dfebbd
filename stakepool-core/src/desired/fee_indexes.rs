//! How far the addresses of fee keys were given, as daemons remember it for a database that is restored from a backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chain::KeyIndex;

/// The index that each fee key gives next, by the extended public key as text.
///
/// ```
/// use stakepool_core::chain::KeyIndex;
/// use stakepool_core::desired::FeeIndexes;
///
/// let mut remembered = FeeIndexes::new([("key".to_owned(), KeyIndex(9))]);
/// remembered.raise(&FeeIndexes::new([("key".to_owned(), KeyIndex(4)), ("other".to_owned(), KeyIndex(2))]));
/// assert_eq!(remembered.next("key"), Some(KeyIndex(9)));
/// assert_eq!(remembered.next("other"), Some(KeyIndex(2)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeIndexes(BTreeMap<String, KeyIndex>);

impl FeeIndexes {
    /// These keys, with the index that each gives next.
    pub fn new(keys: impl IntoIterator<Item = (String, KeyIndex)>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, each with the index that it gives next.
    pub fn iter(&self) -> impl Iterator<Item = (&str, KeyIndex)> {
        self.0.iter().map(|(key, next)| (key.as_str(), *next))
    }

    /// The index that a key gives next, where it is known.
    pub fn next(&self, key: &str) -> Option<KeyIndex> {
        self.0.get(key).copied()
    }

    /// Takes of each key the greater index: none goes back.
    pub fn raise(&mut self, other: &Self) {
        for (key, next) in &other.0 {
            let known = self.0.entry(key.clone()).or_insert(*next);
            *known = (*known).max(*next);
        }
    }
}
