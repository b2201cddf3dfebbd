//! Notes that hold JSON.

use serde::Serialize;
use stakepool_core::ports::{Lease, LeaseStore, StoreError, UpkeepStore};

/// Notes a value as JSON.
pub(crate) async fn set_json_note(
    store: &dyn UpkeepStore,
    name: &str,
    value: &(impl Serialize + Sync),
) -> Result<(), StoreError> {
    store.set_note(name, &text_of(value)?).await
}

/// The same under a lease; false where another has its work by now.
pub(crate) async fn set_json_note_under(
    leases: &dyn LeaseStore,
    lease: &Lease,
    name: &str,
    value: &(impl Serialize + Sync),
) -> Result<bool, StoreError> {
    leases.set_note_under(lease, name, &text_of(value)?).await
}

fn text_of(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Backend(error.to_string()))
}
