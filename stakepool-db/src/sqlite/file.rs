//! A file of SQLite with its connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::connect;
use super::files::Files;
use super::holder::OpenHere;
use super::look::Look;
use super::options::SqliteOptions;
use super::{schema, stale_log};
use crate::error::DbError;
use crate::purpose::Purpose;
use crate::sql::{Failure, Row, Statement};
use crate::warning::Warning;

/// A file that is open.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    pub(super) path: PathBuf,
    pub(super) files: Arc<Files>,
    pub(super) connect: SqliteConnectOptions,
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    pub(super) look: Option<Arc<Look>>,
    // Last, so that the connections are gone before it.
    open_here: Mutex<Option<OpenHere>>,
}

impl SqliteFile {
    /// Opens a file, or makes it, and brings its tables up to date.
    pub(crate) async fn open(
        path: PathBuf,
        options: SqliteOptions,
        purpose: Purpose,
    ) -> Result<(Self, Vec<Warning>), DbError> {
        let failed = DbError::Failed { path: path.clone(), reason: "opening was cut off".to_owned() };
        let runtime = Handle::current();
        // On a thread of its own: looking at files blocks, and the future of a migration is not `Send` in a way that
        // the compiler could follow through a caller's `spawn`.
        let opening = spawn_blocking(move || runtime.block_on(Self::open_here(&path, options, purpose)));
        opening.await.unwrap_or(Err(failed))
    }

    async fn open_here(path: &Path, options: SqliteOptions, purpose: Purpose) -> Result<(Self, Vec<Warning>), DbError> {
        let prepared = connect::prepare(path)?;
        stale_log::refuse(&prepared.path).await?;
        let open_here = Mutex::new(Some(OpenHere::note(&prepared.path, prepared.file)));
        let connect = connect::options(&prepared.path, options);
        // A copy that goes on was looked through, and is compared.
        let is_large = prepared.size > options.looked_through_first;
        let is_checked = purpose == Purpose::Serve && !is_large;
        let writer = connect::writer(&prepared.path, &connect, options, purpose, is_checked).await?;
        let mut warnings: Vec<_> = prepared.warning.into_iter().collect();
        warnings.extend(schema::bring_up_to_date(&prepared.path, &writer, purpose).await?);
        let readers = connect::readers(&connect, options);
        let files = Arc::new(Files::of(&prepared.path, prepared.file));
        let look = (purpose == Purpose::Serve && is_large).then(|| Look::begin(&prepared.path, &connect));
        Ok((Self { path: prepared.path, files, connect, writer, readers, look, open_here }, warnings))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends all connections, once what is under way is done.
    pub(crate) async fn close(&self) {
        if let Some(look) = &self.look {
            look.stop().await;
        }
        self.readers.close().await;
        self.writer.close().await;
        self.open_here.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A transaction that may write, and that nobody else's writes can come between.
    pub(crate) async fn write(&self) -> Result<sqlx::Transaction<'static, Sqlite>, sqlx::Error> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        stale_log::count(&mut transaction).await?;
        Ok(transaction)
    }

    /// A connection that only reads.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// The connections that write.
    #[cfg(test)]
    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// A transaction that sees every transaction that was committed before, and none after.
    pub(crate) async fn read(&self) -> Result<sqlx::Transaction<'static, Sqlite>, sqlx::Error> {
        self.readers.begin().await
    }

    /// The rows that a statement finds.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        let mut connection = self.reader().await?;
        statement.sqlite_rows(&mut connection).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_go_on_after_sqlite_has_rolled_back_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pool.sqlite");
        let (file, _) = SqliteFile::open(path, SqliteOptions::default(), Purpose::Serve).await.unwrap();
        let mut transaction = file.write().await.unwrap();
        // What SQLite does on a full disk, without the knowledge of the code that began the transaction.
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        file.write().await.unwrap().commit().await.unwrap();
    }
}
