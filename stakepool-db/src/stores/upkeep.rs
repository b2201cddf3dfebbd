//! Whether writes work, and small notes.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::ports::{ServerState, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::task::spawn_blocking;

use crate::database::Database;
use crate::mysql::Server;
use crate::sql::{Fields, Row, sql};
use crate::sqlite::is_full;

/// How long a server may take for a write that nobody waits for: one that takes longer is failing.
const PATIENCE: Duration = Duration::from_millis(2500);

#[async_trait]
impl UpkeepStore for Database {
    async fn try_write(&self, now: UnixTime) -> Result<(), StoreError> {
        let write = sql("REPLACE INTO write_tries (id, at) VALUES (0, ?)").bind(now.0);
        if self.server().is_some() {
            return self.execute_within(PATIENCE, &write).await.map(drop);
        }
        self.health().await?;
        self.execute(&write).await?;
        let Some(path) = self.path().map(Path::to_owned) else { return Ok(()) };
        let full = spawn_blocking(move || is_full(&path)).await.unwrap_or(false);
        if full { Err(StoreError::Backend("no space is left on its disk".to_owned())) } else { Ok(()) }
    }

    async fn check(&self) -> Result<(), StoreError> {
        if let Some(reason) = self.server().and_then(Server::trouble) {
            return Err(StoreError::Backend(reason));
        }
        match self.file() {
            Some(file) => file.look_at_files().await,
            None => Ok(()),
        }
    }

    async fn server_state(&self) -> Result<Option<ServerState>, StoreError> {
        Ok(self.server().map(Server::state))
    }

    async fn set_note(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.execute(&sql("REPLACE INTO notes (name, text) VALUES (?, ?)").bind(name).bind(text)).await.map(drop)
    }

    async fn forget_note(&self, name: &str) -> Result<(), StoreError> {
        self.execute(&sql("DELETE FROM notes WHERE name = ?").bind(name)).await.map(drop)
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        // A range of the key, so that others are not looked at. No name has the last of all characters.
        let beyond = format!("{prefix}{}", char::MAX);
        let statement = sql("SELECT name, text FROM notes WHERE name >= ? AND name < ? ORDER BY name");
        let rows = self.rows(&statement.bind(prefix).bind(beyond)).await?;
        let note = |row: &Row| {
            let fields = Fields::new(row, "notes", "?");
            Ok((fields.text("name")?.to_owned(), fields.text("text")?.to_owned()))
        };
        rows.iter().map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use super::*;
    use crate::sqlite::SqliteOptions;

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
        sqlx::query("PRAGMA query_only = ON").execute(database.file().unwrap().writer()).await.unwrap();
        let error = database.try_write(UnixTime(2)).await.unwrap_err().to_string();
        assert!(error.contains("not writable for the pool's user"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().filter(is_room).count(), 0);
    }

    fn is_room(entry: &io::Result<fs::DirEntry>) -> bool {
        entry.as_ref().unwrap().file_name().to_string_lossy().contains("-room-")
    }
}
