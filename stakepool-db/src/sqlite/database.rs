//! The database: its connections, and how it is opened.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Sqlite, Transaction};
use stakepool_core::ports::StoreError;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::connect;
use super::failure::backend;
use super::files::Files;
use super::holder::OpenHere;
use super::options::SqliteOptions;
use super::{schema, stale_log};
use crate::error::DbError;
use crate::warning::Warning;

/// The pool's database: all stores of `stakepool_core::ports`. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) path: PathBuf,
    pub(super) files: Arc<Files>,
    pub(super) connect: SqliteConnectOptions,
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    warnings: Vec<Warning>,
    /// Errors of single rows that were logged, so that each is logged once.
    logged: Mutex<HashSet<String>>,
    // Last, so that the connections are gone before it.
    open_here: Mutex<Option<OpenHere>>,
}

impl Database {
    /// Opens an SQLite file, and makes it and its folder where they are missing. Any number of processes on one machine
    /// may have it open.
    ///
    /// The whole file is checked (about 0.2 s for 100 MB), its tables are brought up to date in one transaction, and the
    /// predecessor's rows, if there are any, get their keys in ours. What does not fit together in those rows is logged by
    /// [`Database::warnings`].
    ///
    /// # Errors
    /// [`DbError`] says what is wrong and what to do. Then nothing in the file has changed.
    pub async fn open_sqlite(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, DbError> {
        let path = path.as_ref().to_owned();
        let failed = DbError::Failed { path: path.clone(), reason: "opening was cut off".to_owned() };
        let runtime = Handle::current();
        // On a thread of its own: looking at files blocks, and the future of a migration is not `Send` in a way that
        // the compiler could follow through a caller's `spawn`.
        let opening = spawn_blocking(move || runtime.block_on(Self::open_here(&path, options)));
        opening.await.unwrap_or(Err(failed))
    }

    async fn open_here(path: &Path, options: SqliteOptions) -> Result<Self, DbError> {
        let prepared = connect::prepare(path)?;
        stale_log::refuse(&prepared.path).await?;
        let open_here = OpenHere::note(&prepared.path, prepared.file);
        let connect = connect::options(&prepared.path, options);
        let writer = connect::writer(&prepared.path, &connect, options).await?;
        let mut warnings: Vec<_> = prepared.warning.into_iter().collect();
        warnings.extend(schema::bring_up_to_date(&prepared.path, &writer).await?);
        let readers = connect::readers(&connect, options);
        let inner = Inner {
            files: Arc::new(Files::of(&prepared.path, prepared.file)),
            path: prepared.path,
            connect,
            writer,
            readers,
            warnings,
            logged: Mutex::default(),
            open_here: Mutex::new(Some(open_here)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What was found at opening that an operator should look at.
    pub fn warnings(&self) -> &[Warning] {
        &self.inner.warnings
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Ends all connections, once what is under way is done. Every store fails from then on.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
        self.inner.open_here.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Tells that a row cannot be read, and what follows from that, once while the program runs.
    pub(super) fn log_once(&self, error: &StoreError, consequence: &str) {
        if self.inner.logged.lock().unwrap_or_else(PoisonError::into_inner).insert(error.to_string()) {
            tracing::error!(%error, consequence, "a row of the database cannot be read and should be mended");
        }
    }

    /// A transaction that may write, and that nobody else's writes can come between.
    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let mut transaction = self.inner.writer.begin_with("BEGIN IMMEDIATE").await.map_err(backend)?;
        stale_log::count(&mut transaction).await.map_err(backend)?;
        Ok(transaction)
    }

    /// Connections that only read. They see every transaction that was committed before.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }
}
