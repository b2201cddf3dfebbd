//! SQLite: its fixture, and what concerns its file.

mod backup;
mod files;
mod inspection;
mod predecessor;
mod restore;
mod vsp;

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;

use crate::returning::ByHand;
use stakepool_core::testkit::store_tests::Fixture;

/// A file in a folder of its own.
pub struct SqliteFixture {
    folder: TempDir,
}

impl SqliteFixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("pool.sqlite")
    }
}

impl Fixture for SqliteFixture {
    type Stores = Database;

    async fn empty() -> Self {
        Self::new()
    }

    async fn open(&self) -> Database {
        Database::open_sqlite(self.path(), SqliteOptions::default()).await.unwrap()
    }

    async fn close(&self, database: Database) {
        database.close().await;
    }
}

impl ByHand for SqliteFixture {
    async fn by_hand(&self, statement: &str) {
        let mut connection = by_hand(&self.path()).await;
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    }
}

/// A connection past the stores, such as an operator's or the predecessor's.
async fn by_hand(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

/// Runs statements past the stores.
async fn run(path: &Path, statements: &[&'static str]) {
    let mut connection = by_hand(path).await;
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
}
