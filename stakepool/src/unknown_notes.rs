//! What is noted of voting addresses that are no user's: when each was first seen, and which of them the operator has
//! acknowledged, and which key indexes are withheld for them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use stakepool_core::chain::{KeyIndex, ScriptAddress};
use stakepool_core::ports::{StoreError, UpkeepStore, UserStore};
use stakepool_core::time::UnixTime;

use crate::json_note::set_json_note;

/// How the names of the notes begin; the address follows.
const SEEN: &str = "unknown/seen/";
const ACKNOWLEDGED: &str = "unknown/ack/";
const WITHHELD: &str = "unknown/index/";

/// Of how many addresses it is noted when they were first seen.
const MOST_SEEN: usize = 1_000;
/// How many of these notes a look writes or removes: nothing else waits for the database too long.
const AT_A_LOOK: usize = 100;

/// That the operator knows and wants an address which is no user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Since when.
    pub at: UnixTime,
    /// By whom, as in the audit log.
    pub by: String,
}

/// What is noted of voting addresses that are no user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownNotes {
    pub(crate) seen: HashMap<ScriptAddress, UnixTime>,
    pub(crate) acknowledged: HashMap<ScriptAddress, Acknowledgement>,
}

impl UnknownNotes {
    /// All notes. One that cannot be read counts as none: an alarm too many is better than one too few.
    pub(crate) async fn read(store: &dyn UpkeepStore) -> Result<Self, StoreError> {
        let seen = read_seen(store).await?;
        Ok(Self { seen, acknowledged: read_acknowledged(store).await? })
    }

    /// Whether the operator knows and wants an address.
    pub fn is_acknowledged(&self, address: &ScriptAddress) -> bool {
        self.acknowledged.contains_key(address)
    }
}

/// The addresses that are acknowledged.
pub(crate) async fn read_acknowledged(
    store: &dyn UpkeepStore,
) -> Result<HashMap<ScriptAddress, Acknowledgement>, StoreError> {
    let notes = store.notes(ACKNOWLEDGED).await?.into_iter();
    let read = notes.filter_map(|(name, text)| {
        Some((name.strip_prefix(ACKNOWLEDGED)?.parse().ok()?, serde_json::from_str(&text).ok()?))
    });
    Ok(read.collect())
}

async fn read_seen(store: &dyn UpkeepStore) -> Result<HashMap<ScriptAddress, UnixTime>, StoreError> {
    let notes = store.notes(SEEN).await?.into_iter();
    let read =
        notes.filter_map(|(name, text)| Some((name.strip_prefix(SEEN)?.parse().ok()?, UnixTime(text.parse().ok()?))));
    Ok(read.collect())
}

/// Notes when the addresses that are reported now were first seen, some at a time, and forgets those that nobody reports any
/// more. Where not everybody has answered (`all_heard`), these are forgotten only when there are too many.
pub(crate) async fn keep_seen(
    store: &dyn UpkeepStore,
    reported: &HashSet<ScriptAddress>,
    all_heard: bool,
    now: UnixTime,
) -> Result<(), StoreError> {
    let seen = read_seen(store).await?;
    let gone: Vec<_> = seen.keys().filter(|address| !reported.contains(*address)).collect();
    let new: Vec<_> = reported.iter().filter(|address| !seen.contains_key(*address)).collect();
    let excess = if all_heard { gone.len() } else { (seen.len() + new.len()).saturating_sub(MOST_SEEN) };
    let forgotten = gone.into_iter().take(excess.min(AT_A_LOOK));
    let mut count = seen.len();
    for address in forgotten {
        store.forget_note(&format!("{SEEN}{address}")).await?;
        count -= 1;
    }
    for address in new.into_iter().take(AT_A_LOOK.min(MOST_SEEN.saturating_sub(count))) {
        store.set_note(&format!("{SEEN}{address}"), &now.0.to_string()).await?;
    }
    Ok(())
}

/// Notes an acknowledgement, or takes it back.
pub(crate) async fn set_acknowledged(
    store: &dyn UpkeepStore,
    address: &ScriptAddress,
    acknowledgement: Option<&Acknowledgement>,
) -> Result<(), StoreError> {
    let name = format!("{ACKNOWLEDGED}{address}");
    match acknowledgement {
        Some(acknowledgement) => set_json_note(store, &name, acknowledgement).await,
        None => store.forget_note(&name).await,
    }
}

/// Why key indexes are, or are not, withheld for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Withheld {
    /// A wallet has the script: the index is the address's.
    Known,
    /// No wallet has the script: the user may have had them.
    Guessed,
    /// They were guessed, and the operator let others have them. No others are guessed for the address.
    Released,
}

/// The key indexes of an address that is no user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithheldIndexes {
    /// The address.
    pub address: ScriptAddress,
    /// The indexes.
    pub indexes: Vec<KeyIndex>,
    /// Whether they are withheld, and why.
    pub why: Withheld,
}

impl WithheldIndexes {
    fn name(&self) -> String {
        format!("{WITHHELD}{}", self.address)
    }

    fn text(&self) -> String {
        let indexes: Vec<_> = self.indexes.iter().map(ToString::to_string).collect();
        let ending = match self.why {
            Withheld::Known => "",
            Withheld::Guessed => " guessed",
            Withheld::Released => " released",
        };
        format!("{}{ending}", indexes.join(","))
    }

    fn read(name: &str, text: &str) -> Option<Self> {
        let address = name.strip_prefix(WITHHELD)?.parse().ok()?;
        let (indexes, ending) = text.split_once(' ').unwrap_or((text, ""));
        let why = match ending {
            "guessed" => Withheld::Guessed,
            "released" => Withheld::Released,
            _ => Withheld::Known,
        };
        let indexes = indexes.split(',').filter_map(|index| index.parse().ok()).map(KeyIndex).collect();
        Some(Self { address, indexes, why })
    }
}

/// All indexes that were ever withheld for addresses.
pub(crate) async fn read_withheld(store: &dyn UpkeepStore) -> Result<Vec<WithheldIndexes>, StoreError> {
    let notes = store.notes(WITHHELD).await?;
    Ok(notes.iter().filter_map(|(name, text)| WithheldIndexes::read(name, text)).collect())
}

/// Notes indexes that are withheld.
pub(crate) async fn note_withheld(store: &dyn UpkeepStore, withheld: &WithheldIndexes) -> Result<(), StoreError> {
    store.set_note(&withheld.name(), &withheld.text()).await
}

/// Withholds guessed indexes and notes it; false where one of them was given meanwhile, or the address was noted.
pub(crate) async fn withhold_guess(store: &dyn UserStore, withheld: &WithheldIndexes) -> Result<bool, StoreError> {
    store.withhold_free_indexes(&withheld.indexes, &withheld.name(), &withheld.text()).await
}

/// Lets others have indexes that were guessed, and notes it.
pub(crate) async fn release_guess(store: &dyn UserStore, released: &WithheldIndexes) -> Result<(), StoreError> {
    store.release_indexes(&released.indexes, &released.name(), &released.text()).await
}

#[cfg(test)]
mod tests {
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::samples::multisig;
    use stakepool_core::testkit::tickets::address;

    use super::*;

    async fn seen(store: &MemoryStore) -> HashMap<ScriptAddress, UnixTime> {
        read_seen(store).await.unwrap()
    }

    #[tokio::test]
    async fn addresses_that_nobody_reports_any_more_are_forgotten_once_everybody_has_answered() {
        let store = MemoryStore::default();
        let [one, other] = [address(1), address(2)];
        keep_seen(&store, &HashSet::from([one, other]), true, UnixTime(10)).await.unwrap();
        keep_seen(&store, &HashSet::from([one]), false, UnixTime(20)).await.unwrap();
        assert_eq!(seen(&store).await, HashMap::from([(one, UnixTime(10)), (other, UnixTime(10))]));
        keep_seen(&store, &HashSet::from([one]), true, UnixTime(30)).await.unwrap();
        assert_eq!(seen(&store).await, HashMap::from([(one, UnixTime(10))]));
        set_acknowledged(&store, &one, Some(&Acknowledgement { at: UnixTime(1), by: "x".to_owned() })).await.unwrap();
        set_acknowledged(&store, &one, None).await.unwrap();
        assert_eq!(store.notes(ACKNOWLEDGED).await.unwrap(), [], "no note is left of what was taken back");
    }

    #[tokio::test]
    async fn no_more_addresses_are_noted_than_may_be() {
        let store = MemoryStore::default();
        let network = multisig(1).network();
        let many = |seed: u8| -> HashSet<_> {
            let address = |number: u16| {
                let [high, low] = number.to_be_bytes();
                let mut hash = [seed; 20];
                (hash[0], hash[1]) = (high, low);
                ScriptAddress::new(network, stakepool_core::chain::Hash160(hash))
            };
            (0..1_000).map(address).collect()
        };
        for seed in 1..=3 {
            for _ in 0..25 {
                keep_seen(&store, &many(seed), false, UnixTime(1)).await.unwrap();
                assert!(seen(&store).await.len() <= MOST_SEEN);
            }
            assert_eq!(seen(&store).await.into_keys().collect::<HashSet<_>>(), many(seed), "those of now are noted");
        }
    }
}
