//! Closing for new tickets while the pool runs: noted in the database, where every instance reads it each second.

use serde::{Deserialize, Serialize};
use stakepool_core::ports::{StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;

use super::service::Vsp;
use crate::announced::VSP_CLOSED as NOTE;
use crate::json_note::set_json_note;

/// That the operator takes no new tickets, whatever the configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedByCommand {
    /// What wallets read.
    pub message: String,
    /// Since when.
    pub at: UnixTime,
}

/// What is noted; `None` where the operator has not closed the service.
///
/// # Errors
/// [`StoreError`]; a note that cannot be read is one.
pub(crate) async fn read_closed(store: &dyn UpkeepStore) -> Result<Option<ClosedByCommand>, StoreError> {
    let notes = store.notes(NOTE).await?;
    let Some((_, text)) = notes.into_iter().find(|(name, _)| name == NOTE) else { return Ok(None) };
    let unreadable =
        |error: serde_json::Error| StoreError::Corrupt { what: NOTE.to_owned(), reason: error.to_string() };
    serde_json::from_str(&text).map(Some).map_err(unreadable)
}

/// Notes it, in the place of what was noted before.
pub(crate) async fn note_closed(store: &dyn UpkeepStore, closed: &ClosedByCommand) -> Result<(), StoreError> {
    set_json_note(store, NOTE, closed).await
}

/// Takes it back.
pub(crate) async fn forget_closed(store: &dyn UpkeepStore) -> Result<(), StoreError> {
    store.forget_note(NOTE).await
}

impl Vsp {
    /// Takes over what is noted. Where the database does not answer, what was read last stays.
    pub(super) async fn recall_closed(&self) {
        match read_closed(self.parts.stores.upkeep.as_ref()).await {
            Ok(closed) => self.terms.closed.set_by_command(closed.map(|closed| closed.message)),
            Err(error) => tracing::debug!(%error, "whether the service is closed was not read"),
        }
    }
}
