//! Notes that hold JSON.

use serde::Serialize;
use stakepool_core::ports::{StoreError, UpkeepStore};

/// Notes a value as JSON.
pub(crate) async fn set_json_note(
    store: &dyn UpkeepStore,
    name: &str,
    value: &(impl Serialize + Sync),
) -> Result<(), StoreError> {
    let text = serde_json::to_string(value).map_err(|error| StoreError::Backend(error.to_string()))?;
    store.set_note(name, &text).await
}
