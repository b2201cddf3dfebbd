//! Whether the database works.

use std::path::{Path, PathBuf};

use stakepool_core::ports::StoreError;

use super::connect::FileId;
use super::failure::backend;
use super::{Database, schema};

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
        let log_size = std::fs::metadata(log_of(path)).map_or(0, |metadata| metadata.len());
        Ok(Health { schema: schema::known(), size: metadata.len(), log_size })
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}
