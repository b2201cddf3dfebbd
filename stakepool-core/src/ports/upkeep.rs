//! Whether a store works, and what the instances of a pool note for each other.

use async_trait::async_trait;

use super::{ServerState, StoreError};
use crate::time::UnixTime;

/// Tells whether the store takes writes, and keeps small notes that belong to no user and no ticket.
#[async_trait]
pub trait UpkeepStore: Send + Sync {
    /// Writes something that nobody reads, as a whole write with all that it needs. It fails where other writes would: on a
    /// disk that is full or can only be read, behind a lock that is not given up, in a file that was removed.
    async fn try_write(&self, now: UnixTime) -> Result<(), StoreError>;

    /// Looks, without writing, whether the store is still there: whether its files are those that it opened, not removed,
    /// replaced, overwritten or withdrawn, or whether one of its servers can be used. Costs little, so that it can be asked twice
    /// a second.
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What is known of the servers that hold the store, where there are any. Nobody is asked for it.
    async fn server_state(&self) -> Result<Option<ServerState>, StoreError> {
        Ok(None)
    }

    /// Keeps a note under a name, in the place of the one before.
    async fn set_note(&self, name: &str, text: &str) -> Result<(), StoreError>;

    /// Removes the note of a name, if there is one.
    async fn forget_note(&self, name: &str) -> Result<(), StoreError>;

    /// All notes whose names begin with `prefix`, by name.
    async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError>;
}
