//! Whether writes work, and small notes.

use async_trait::async_trait;
use stakepool_core::ports::{StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::task::spawn_blocking;

use super::Database;
use super::failure::backend;
use super::room::is_full;

#[async_trait]
impl UpkeepStore for Database {
    async fn try_write(&self, now: UnixTime) -> Result<(), StoreError> {
        self.health().await?;
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO write_tries (id, at) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at")
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        let path = self.path().to_owned();
        let full = spawn_blocking(move || is_full(&path)).await.unwrap_or(false);
        if full { Err(StoreError::Backend("no space is left on its disk".to_owned())) } else { Ok(()) }
    }

    async fn check_files(&self) -> Result<(), StoreError> {
        self.look_at_files().await
    }

    async fn set_note(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO notes (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
        )
        .bind(name)
        .bind(text)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        sqlx::query_as("SELECT name, text FROM notes WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name")
            .bind(prefix)
            .fetch_all(self.readers())
            .await
            .map_err(backend)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use super::super::SqliteOptions;
    use super::*;

    async fn database() -> (Database, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pool.sqlite");
        (Database::open_sqlite(file, SqliteOptions::default()).await.unwrap(), folder)
    }

    #[tokio::test]
    async fn a_database_that_can_only_be_read_fails_the_try() {
        let (database, folder) = database().await;
        database.try_write(UnixTime(1)).await.unwrap();
        // As a disk that the system mounted anew for reading only: reads go on, and each write is refused.
        sqlx::query("PRAGMA query_only = ON").execute(&database.inner.writer).await.unwrap();
        let error = database.try_write(UnixTime(2)).await.unwrap_err().to_string();
        assert!(error.contains("not writable for the pool's user"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().filter(is_room).count(), 0);
    }

    fn is_room(entry: &io::Result<fs::DirEntry>) -> bool {
        entry.as_ref().unwrap().file_name().to_string_lossy().contains("-room-")
    }
}
