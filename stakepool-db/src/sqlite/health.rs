//! Whether the database works.

use stakepool_core::ports::StoreError;

use super::connect::FileId;
use super::failure::{backend, open_error};
use super::{Database, schema, side_file};
use crate::error::DbError;

/// The state of a database that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The number of its schema.
    pub schema: i64,
    /// The size of the file in bytes.
    pub size: u64,
    /// The size of the log of writes that are not yet in the file, in bytes.
    pub log_size: u64,
}

impl Database {
    /// Looks through the whole file, its indexes included: slower than what is done at opening.
    pub(super) async fn check_thoroughly(&self) -> Result<(), DbError> {
        let path = &self.inner.path;
        let check = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(self.readers()).await;
        let found: String = check.map_err(|error| open_error(path, &error))?;
        if found == "ok" { Ok(()) } else { Err(DbError::Damaged { path: path.clone(), reason: found }) }
    }

    /// Whether the file that is open is no longer the one at its path: it was replaced or removed, and what is written now
    /// is lost. Costs nothing.
    pub fn is_replaced(&self) -> bool {
        std::fs::metadata(&self.inner.path).map_or(true, |found| FileId::of(&found) != self.inner.file)
    }

    /// Tries a read and the lock for writing, and looks whether the open file is still the one at its path.
    ///
    /// # Errors
    /// [`StoreError::Backend`] says what is wrong.
    pub async fn health(&self) -> Result<Health, StoreError> {
        let path = &self.inner.path;
        let metadata = std::fs::metadata(path).ok();
        let Some(metadata) = metadata.filter(|metadata| FileId::of(metadata) == self.inner.file) else {
            return Err(StoreError::Backend(format!(
                "{} was removed or replaced while it is in use, and what is written now is lost; restart the program",
                path.display()
            )));
        };
        sqlx::query("SELECT name FROM schema_notes LIMIT 1").fetch_optional(self.readers()).await.map_err(backend)?;
        self.write().await?.rollback().await.map_err(backend)?;
        let log_size = std::fs::metadata(side_file(path, "-wal")).map_or(0, |metadata| metadata.len());
        Ok(Health { schema: schema::known(), size: metadata.len(), log_size })
    }
}
