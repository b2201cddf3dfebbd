//! Whether the database works.

use std::path::Path;

use stakepool_core::ports::StoreError;
use tokio::task::spawn_blocking;

use super::failure::{backend, open_error};
use super::file::SqliteFile;
use super::{schema, side_file};
use crate::error::DbError;
use crate::health::DatabaseHealth;

impl SqliteFile {
    /// Looks through the whole file, its indexes included: slower than what is done at opening.
    pub(crate) async fn check_thoroughly(&self) -> Result<(), DbError> {
        let path = &self.path;
        let check = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&self.readers).await;
        let found: String = check.map_err(|error| open_error(path, &error))?;
        if found == "ok" { Ok(()) } else { Err(DbError::Damaged { path: path.clone(), reason: found }) }
    }

    /// Looks whether the open files are still those at their paths, as they were written, and not found damaged.
    pub(crate) async fn look_at_files(&self) -> Result<(), StoreError> {
        if let Some(damage) = self.look.as_ref().and_then(|look| look.found()) {
            return Err(StoreError::Backend(damage.to_string()));
        }
        let files = self.files.clone();
        let looked = spawn_blocking(move || files.check()).await;
        looked.unwrap_or(Ok(())).map_err(|meddling| StoreError::Backend(meddling.to_string()))
    }

    /// Tries a read and the lock for writing, and looks whether the open files are still those at their paths.
    ///
    /// # Errors
    /// [`StoreError::Backend`] says what is wrong.
    pub(crate) async fn health(&self) -> Result<DatabaseHealth, StoreError> {
        let path = &self.path;
        self.look_at_files().await?;
        sqlx::query("SELECT name FROM schema_notes LIMIT 1").fetch_optional(&self.readers).await.map_err(backend)?;
        self.write().await.map_err(backend)?.rollback().await.map_err(backend)?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(DatabaseHealth { schema: schema::known(), size: size(path), log_size: size(&side_file(path, "-wal")) })
    }
}
