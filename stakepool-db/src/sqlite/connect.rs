//! The file and the connections to it.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::Access;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::failure::{Kind, open_error};
use super::options::SqliteOptions;
use crate::error::DbError;
use crate::purpose::Purpose;
use crate::warning::Warning;

/// How many rows a connection reads ahead.
pub(super) const ROWS: usize = 500;

/// Which file lies at a path, so that a replaced one is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A file that can be opened.
pub(crate) struct Prepared {
    pub path: PathBuf,
    pub file: FileId,
    /// In bytes.
    pub size: u64,
    pub warning: Option<Warning>,
}

/// Makes the file and its folder where they are missing, for the pool's user alone. SQLite gives its side files the
/// permissions of the file.
pub(crate) fn prepare(path: &Path) -> Result<Prepared, DbError> {
    let file_error = |error: io::Error| DbError::File { path: path.to_owned(), reason: reason(&error) };
    // An absolute path is never taken for `:memory:` or a `file:` URI.
    let path = std::path::absolute(path).map_err(file_error)?;
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| DbError::Folder { path: folder.to_owned(), reason: reason(&error) })?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(file_error(error)),
        _ => {}
    }
    // Not opened: that would end the locks of one that is open in this process.
    rustix::fs::access(&path, Access::READ_OK | Access::WRITE_OK).map_err(|error| file_error(error.into()))?;
    let metadata = fs::metadata(&path).map_err(file_error)?;
    if !metadata.is_file() {
        return Err(file_error(io::Error::other("it is no file")));
    }
    let mode = metadata.mode() & 0o777;
    let warning = (mode & 0o004 != 0).then(|| Warning::Readable { path: path.clone(), mode });
    Ok(Prepared { file: FileId::of(&metadata), size: metadata.len(), path, warning })
}

/// What the system says, with the remedy where it is the user who asks.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{error} (run this as the pool's user)"),
        _ => error.to_string(),
    }
}

/// What all connections share.
pub(crate) fn options(path: &Path, options: SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        // Where many rows are read, each crossing to the thread that waits for them costs more than the row.
        .row_buffer_size(ROWS)
        // NORMAL could lose the last commits in a power cut. A lost registration would leave a user with an address whose
        // key index the pool gives again, and tickets that it cannot vote. Writes are few or come in batches, so a sync
        // for each commit costs nothing that anybody waits for.
        .synchronous(SqliteSynchronous::Full)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // Connections to a file do not age, and need no test.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
}

/// The one connection that writes; switches the file to WAL, and checks it where `is_checked`.
pub(crate) async fn writer(
    path: &Path,
    connect: &SqliteConnectOptions,
    options: SqliteOptions,
    purpose: Purpose,
    is_checked: bool,
) -> Result<SqlitePool, DbError> {
    let connect = connect.clone().journal_mode(SqliteJournalMode::Wal);
    let connect = match purpose {
        // What was a secret must not lie on in the free space of the file.
        Purpose::Serve => connect.pragma("secure_delete", "ON"),
        // A power cut may take the last rows of a copy, which then goes on from there; never the order in which they came. It has all
        // of its rows on the disk before it counts as whole.
        Purpose::Copy => connect
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "8000")
            .pragma("threads", "2"),
    };
    let mut connection = first(path, &connect, options.busy_timeout).await?;
    if is_checked {
        check(path, &mut connection).await?;
    }
    connection.close().await.map_err(|error| open_error(path, &error))?;
    pool(1)
        .before_acquire(|connection, _| Box::pin(is_usable(connection)))
        .connect_with(connect)
        .await
        .map_err(|error| open_error(path, &error))
}

/// Whether no transaction is left open. On a full or failing disk SQLite rolls back by itself, and sqlx, whose own
/// rollback then fails, takes the transaction for open for ever: such a connection gives way to a new one.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Whatever is still to be done on the connection is done before this is answered.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Connections that cannot write.
pub(crate) fn readers(connect: &SqliteConnectOptions, options: SqliteOptions) -> SqlitePool {
    pool(options.readers.max(1)).connect_lazy_with(connect.clone().pragma("query_only", "ON"))
}

/// The first connection. SQLite does not wait for others while it switches to WAL, so we do.
async fn first(path: &Path, connect: &SqliteConnectOptions, patience: Duration) -> Result<SqliteConnection, DbError> {
    let begun = Instant::now();
    loop {
        match connect.connect().await {
            Err(error) if Kind::of(&error) == Kind::Busy && begun.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result.map_err(|error| open_error(path, &error)),
        }
    }
}

/// Looks through the whole file.
pub(crate) async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<(), DbError> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await
        .map_err(|error| open_error(path, &error))?;
    if found == "ok" { Ok(()) } else { Err(DbError::Damaged { path: path.to_owned(), reason: found }) }
}
