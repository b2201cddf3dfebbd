//! The database: an engine, and what was found when it was opened.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::ports::{DatabaseServer, StoreError};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::DbError;
use crate::health::DatabaseHealth;
use crate::inspection::{Configured, Inspection};
use crate::mysql;
use crate::purpose::Purpose;
use crate::retries::{Attempts, Step};
use crate::sql::{Failure, Row, Statement, Transaction, Turn};
use crate::sqlite::{self, Existing, SqliteFile, SqliteOptions, Verified};
use crate::takeover::Takeover;
use crate::warning::Warning;

/// The pool's database: all stores of `stakepool_core::ports`. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    warnings: Vec<Warning>,
    /// Errors of single rows that were logged, so that each is logged once.
    logged: Mutex<HashSet<String>>,
    /// How often the ledger was changed.
    ledger_changes: AtomicU64,
}

impl Database {
    /// Opens an SQLite file, and makes it and its folder where they are missing. Any number of processes on one machine
    /// may have it open.
    ///
    /// The whole file is looked through (about 0.2 s for 100 MB; a large one while it is used already, see
    /// [`SqliteOptions::looked_through_first`]), its tables are brought up to date in one transaction, and the
    /// predecessor's rows, if there are any, get their keys in ours. What does not fit together in those rows is logged by
    /// [`Database::warnings`].
    ///
    /// # Errors
    /// [`DbError`] says what is wrong and what to do. Then nothing in the file has changed.
    pub async fn open_sqlite(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, DbError> {
        let (file, warnings) = SqliteFile::open(path.as_ref().to_owned(), options, Purpose::Serve).await?;
        Ok(Self::new(Engine::Sqlite(Box::new(file)), warnings))
    }

    /// Opens a database of MySQL or MariaDB, which must be there. Any number of processes may have it open.
    ///
    /// Its tables are brought up to date step by step, by one process at a time; one that is killed meanwhile leaves
    /// nothing that the next start does not finish. The predecessor's tables stay as they are, but for columns of its own
    /// that an early version lacked, and its rows get their keys in ours.
    ///
    /// # Errors
    /// [`DbError`] says what is wrong and what to do.
    pub async fn open_mysql(server: DatabaseServer) -> Result<Self, DbError> {
        let (server, warnings) = mysql::open(server, Purpose::Serve).await?;
        Ok(Self::new(Engine::Mysql(server), warnings))
    }

    /// Tries whether a database of MySQL or MariaDB can be opened, says what the start would do, and changes nothing in it.
    ///
    /// # Errors
    /// As [`Database::open_mysql`].
    pub async fn check_mysql(server: DatabaseServer) -> Result<Takeover, DbError> {
        mysql::check(server).await
    }

    /// A file into which another database is copied.
    pub(crate) async fn open_sqlite_to_copy(path: &Path, options: SqliteOptions) -> Result<Self, DbError> {
        let (file, warnings) = SqliteFile::open(path.to_owned(), options, Purpose::Copy).await?;
        Ok(Self::new(Engine::Sqlite(Box::new(file)), warnings))
    }

    /// A database on a server into which another one is copied.
    pub(crate) async fn open_mysql_to_copy(server: DatabaseServer) -> Result<Self, DbError> {
        let (server, warnings) = mysql::open(server, Purpose::Copy).await?;
        Ok(Self::new(Engine::Mysql(server), warnings))
    }

    /// A transaction that only reads, until then.
    pub(crate) async fn long_read(&self, until: Instant) -> Result<Transaction, Failure> {
        Ok(match &self.inner.engine {
            Engine::Sqlite(file) => Transaction::Sqlite(file.read().await?),
            Engine::Mysql(server) => Transaction::Mysql(server.read(until).await?),
        })
    }

    /// Opens a database of MySQL or MariaDB that a pool uses already: makes no table, and gives no row its keys.
    ///
    /// # Errors
    /// [`DbError`] also where its tables are not a pool's, or not those of this version.
    pub async fn open_mysql_ready(server: DatabaseServer) -> Result<Self, DbError> {
        Ok(Self::new(Engine::Mysql(mysql::open_ready(server).await?), Vec::new()))
    }

    /// Looks through a database of MySQL or MariaDB and the server that it is on, and changes nothing.
    ///
    /// # Errors
    /// [`DbError`] where it cannot be read.
    pub async fn inspect_mysql(server: DatabaseServer, configured: &Configured) -> Result<Inspection, DbError> {
        mysql::inspect(server, configured).await
    }

    /// Looks through an SQLite file, which may be in use, and changes nothing.
    ///
    /// # Errors
    /// [`DbError`] where it cannot be read, or is damaged.
    pub async fn inspect_sqlite(path: impl AsRef<Path>, configured: &Configured) -> Result<Inspection, DbError> {
        sqlite::inspect(path.as_ref(), mysql::layouts(), configured).await
    }

    /// Looks through a whole SQLite file, such as a backup, and changes nothing.
    ///
    /// # Errors
    /// [`DbError`] where it is damaged, of a later version, no pool's, or an unfinished copy.
    pub async fn verify_sqlite(path: impl AsRef<Path>) -> Result<Verified, DbError> {
        sqlite::verify(path.as_ref(), &mysql::layouts()).await
    }

    fn new(engine: Engine, warnings: Vec<Warning>) -> Self {
        Self {
            inner: Arc::new(Inner { engine, warnings, logged: Mutex::default(), ledger_changes: AtomicU64::new(0) }),
        }
    }

    /// Notes a change of the ledger, once it is there for all to read.
    pub(crate) fn ledger_changed(&self) {
        self.inner.ledger_changes.fetch_add(1, Ordering::Release);
    }

    /// How often this process changed the ledger.
    pub(crate) fn ledger_changes(&self) -> u64 {
        self.inner.ledger_changes.load(Ordering::Acquire)
    }

    /// What was found at opening that an operator should look at.
    pub fn warnings(&self) -> &[Warning] {
        &self.inner.warnings
    }

    /// The file of SQLite; `None` where the database is on a server.
    pub fn path(&self) -> Option<&Path> {
        self.file().map(SqliteFile::path)
    }

    /// What it is called for people: a file, or a server and the name of a database on it.
    pub fn place(&self) -> String {
        self.inner.engine.place()
    }

    /// Ends all connections, once what is under way is done. Every store fails from then on.
    pub async fn close(&self) {
        match &self.inner.engine {
            Engine::Sqlite(file) => file.close().await,
            Engine::Mysql(server) => server.close().await,
        }
    }

    /// Tries a read and the lock for writing, and looks whether an open file is still the one at its path.
    ///
    /// # Errors
    /// [`StoreError::Backend`] says what is wrong.
    pub async fn health(&self) -> Result<DatabaseHealth, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(file) => file.health().await,
            Engine::Mysql(server) => mysql::health(server).await,
        }
    }

    /// Writes a copy of an SQLite file to `path`. The copy is whole and holds every transaction that was committed before;
    /// readers and writers go on. After an error everything is as it was.
    ///
    /// # Errors
    /// [`DbError::Backup`] also where something else than an earlier backup has the name, [`DbError::BackupExists`],
    /// [`DbError::DiskFull`], or [`DbError::OnServer`].
    pub async fn backup(&self, path: impl AsRef<Path>, existing: Existing) -> Result<(), DbError> {
        match &self.inner.engine {
            Engine::Sqlite(file) => file.backup(path.as_ref(), existing).await,
            Engine::Mysql(server) => Err(DbError::OnServer { place: server.place() }),
        }
    }

    /// The file, where the engine is SQLite.
    pub(crate) fn file(&self) -> Option<&SqliteFile> {
        match &self.inner.engine {
            Engine::Sqlite(file) => Some(file),
            Engine::Mysql(_) => None,
        }
    }

    /// The server, where the engine is one.
    pub(crate) fn server(&self) -> Option<&mysql::Server> {
        match &self.inner.engine {
            Engine::Sqlite(_) => None,
            Engine::Mysql(server) => Some(server),
        }
    }

    /// Tells that a row cannot be read, and what follows from that, once while the program runs.
    pub(crate) fn log_once(&self, error: &StoreError, consequence: &str) {
        if self.inner.logged.lock().unwrap_or_else(PoisonError::into_inner).insert(error.to_string()) {
            tracing::error!(%error, consequence, "a row of the database cannot be read and should be mended");
        }
    }

    /// Tries of a transaction that writes. No other transaction of the same turn comes between what it reads and what it
    /// writes.
    pub(crate) fn writes<T>(&self, turn: Turn) -> Attempts<'_, T> {
        Attempts::to_write(&self.inner.engine, turn)
    }

    /// The same, which are given up after a time of their own.
    pub(crate) fn writes_within<T>(&self, turn: Turn, patience: Duration) -> Attempts<'_, T> {
        Attempts::to_write_within(&self.inner.engine, turn, patience)
    }

    /// Tries of several reads that see the database of one moment.
    pub(crate) fn reads<T>(&self) -> Attempts<'_, T> {
        Attempts::to_read(&self.inner.engine)
    }

    /// Runs a single statement that changes rows; how many fit its condition.
    pub(crate) async fn execute(&self, statement: &Statement) -> Result<u64, StoreError> {
        Self::execute_in(self.writes(Turn::None), statement).await
    }

    /// The same, which is given up after a time of its own.
    pub(crate) async fn execute_within(&self, patience: Duration, statement: &Statement) -> Result<u64, StoreError> {
        Self::execute_in(Attempts::to_write_within(&self.inner.engine, Turn::None, patience), statement).await
    }

    async fn execute_in(mut attempts: Attempts<'_, u64>, statement: &Statement) -> Result<u64, StoreError> {
        loop {
            match attempts.begin().await {
                Step::Begun(mut transaction) => {
                    let done = transaction.execute(statement).await;
                    if let Some(result) = attempts.end(transaction, done).await {
                        return result;
                    }
                }
                Step::Over(result) => return result,
            }
        }
    }

    /// The rows that a single statement finds.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        self.inner.engine.rows(statement).await
    }

    /// The first row that a single statement finds, which finds few.
    pub(crate) async fn row(&self, statement: &Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The number in the first column of the first row; `None` without a row, or where it is NULL.
    pub(crate) async fn number(&self, statement: &Statement) -> Result<Option<i64>, StoreError> {
        let Some(row) = self.row(statement).await? else { return Ok(None) };
        row.first().map_err(|error| self.inner.engine.store_error(error.into()))
    }
}
