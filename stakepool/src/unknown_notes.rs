//! What is noted of voting addresses that are no user's: when each was first seen, and which of them the operator has
//! acknowledged.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use stakepool_core::chain::ScriptAddress;
use stakepool_core::ports::{StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;

/// How the names of the notes begin; the address follows.
const SEEN: &str = "unknown/seen/";
const ACKNOWLEDGED: &str = "unknown/ack/";

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
        let seen =
            store.notes(SEEN).await?.into_iter().filter_map(|(name, text)| {
                Some((name.strip_prefix(SEEN)?.parse().ok()?, UnixTime(text.parse().ok()?)))
            });
        Ok(Self { seen: seen.collect(), acknowledged: read_acknowledged(store).await? })
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

/// Notes when an address was first seen.
pub(crate) async fn note_seen(
    store: &dyn UpkeepStore,
    address: &ScriptAddress,
    now: UnixTime,
) -> Result<(), StoreError> {
    store.set_note(&format!("{SEEN}{address}"), &now.0.to_string()).await
}

/// Notes an acknowledgement, or takes it back.
pub(crate) async fn set_acknowledged(
    store: &dyn UpkeepStore,
    address: &ScriptAddress,
    acknowledgement: Option<&Acknowledgement>,
) -> Result<(), StoreError> {
    let text = acknowledgement.map(serde_json::to_string).transpose();
    let text = text.map_err(|error| StoreError::Backend(error.to_string()))?.unwrap_or_default();
    store.set_note(&format!("{ACKNOWLEDGED}{address}"), &text).await
}
