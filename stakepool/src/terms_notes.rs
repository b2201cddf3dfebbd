//! What is noted of the pool's terms: what held and will hold from which height on, and what the configuration said last.

use serde::{Deserialize, Serialize};
use stakepool_core::chain::{BlockHeight, ExtendedPubKey};
use stakepool_core::ports::{StoreError, UpkeepStore};
use stakepool_core::ticket::{PoolFee, Terms, TermsHistory};
use stakepool_core::time::UnixTime;

use crate::json_note::set_json_note;

/// How the names of all notes of terms begin.
pub(crate) const PREFIX: &str = "terms/";
/// How the names of the notes of terms begin; the height follows.
pub(crate) const FROM: &str = "terms/from/";
/// The note of what the configuration said last.
const CONFIGURED: &str = "terms/configured";

/// Where terms come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TermsOrigin {
    /// They are the first: nothing is known of others before.
    First,
    /// The configuration was changed, and they hold since that was seen.
    Configuration,
    /// The operator announced them.
    Announced,
}

/// Terms as they are noted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotedTerms {
    /// What holds, and from where on.
    #[serde(flatten)]
    pub terms: Terms,
    /// Where they come from.
    pub origin: TermsOrigin,
    /// Since when they are known.
    pub at: UnixTime,
    /// By whom, as in the audit log.
    pub by: String,
}

/// A fee and a cold wallet, without a height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) fee: PoolFee,
    #[serde(with = "text")]
    pub(crate) cold_wallet: ExtendedPubKey,
}

impl Asked {
    /// The same from a height on.
    pub(crate) const fn from(self, from: BlockHeight) -> Terms {
        Terms { from, fee: self.fee, cold_wallet: self.cold_wallet }
    }

    /// What terms ask, whenever that is.
    pub(crate) const fn of(terms: &Terms) -> Self {
        Self { fee: terms.fee, cold_wallet: terms.cold_wallet }
    }
}

/// A key as its text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use stakepool_core::chain::ExtendedPubKey;

    pub(super) fn serialize<S: Serializer>(key: &ExtendedPubKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExtendedPubKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn unreadable(name: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Backend(format!("the note `{name}` cannot be read: {error}; restore a backup, or remove it by hand"))
}

fn name(from: BlockHeight) -> String {
    // As wide as the highest, so that notes lie in the order of their heights.
    format!("{FROM}{:010}", from.0)
}

/// All terms that are noted, the earliest first. One that cannot be read is an error: without it tickets would be judged wrongly.
pub(crate) async fn read_terms(store: &dyn UpkeepStore) -> Result<Vec<NotedTerms>, StoreError> {
    let notes = store.notes(FROM).await?;
    let read = |(name, text): (String, String)| serde_json::from_str(&text).map_err(|error| unreadable(&name, &error));
    notes.into_iter().map(read).collect()
}

/// The history of terms.
pub(crate) fn history(noted: &[NotedTerms]) -> TermsHistory {
    TermsHistory::new(noted.iter().map(|noted| noted.terms))
}

/// Notes terms, in the place of those from the same height.
pub(crate) async fn note_terms(store: &dyn UpkeepStore, noted: &NotedTerms) -> Result<(), StoreError> {
    set_json_note(store, &name(noted.terms.from), noted).await
}

/// Takes terms back.
pub(crate) async fn forget_terms(store: &dyn UpkeepStore, from: BlockHeight) -> Result<(), StoreError> {
    store.forget_note(&name(from)).await
}

/// What the configuration said when a web looked last.
pub(crate) async fn read_configured(store: &dyn UpkeepStore) -> Result<Option<Asked>, StoreError> {
    let note = store.notes(CONFIGURED).await?.into_iter().find(|(name, _)| name == CONFIGURED);
    note.map(|(name, text)| serde_json::from_str(&text).map_err(|error| unreadable(&name, &error))).transpose()
}

/// Notes what the configuration says.
pub(crate) async fn note_configured(store: &dyn UpkeepStore, configured: &Asked) -> Result<(), StoreError> {
    set_json_note(store, CONFIGURED, configured).await
}
