//! Files that are read as they are, and files that nobody uses any more.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use sqlx::{ConnectOptions, Connection};

use super::failure::open_error;
use super::holder::Holder;
use super::inspect::read_only;
use super::{check, schema, stale_log};
use crate::error::DbError;

/// Fails where a program has a database open.
pub(crate) fn refuse_in_use(path: &Path) -> Result<(), DbError> {
    match Holder::of(path) {
        Ok(None) => Ok(()),
        Ok(Some(holder)) => Err(DbError::InUse { path: path.to_owned(), holder: holder.to_string() }),
        Err(error) => Err(DbError::File { path: path.to_owned(), reason: error.to_string() }),
    }
}

/// Connections that only read a pool's file whose tables are up to date. It may be in use.
pub(crate) async fn open_ready(path: &Path) -> Result<SqlitePool, DbError> {
    let file_error = |error: io::Error| DbError::File { path: path.to_owned(), reason: error.to_string() };
    let path = std::path::absolute(path).map_err(file_error)?;
    fs::metadata(&path).map_err(file_error)?;
    stale_log::refuse(&path).await?;
    let pool = read_only(&path).await?;
    let mut connection = pool.acquire().await.map_err(|error| open_error(&path, &error))?;
    check(&path, &mut connection).await?;
    schema::refuse_unready(&path, &mut connection).await?;
    drop(connection);
    Ok(pool)
}

/// Writes the log of a file that nobody has open into it, and removes the log: an old one beside it can then never be taken for
/// its own.
pub(crate) async fn end_log(path: &Path) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| open_error(path, &error);
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Delete);
    let mut connection = options.connect().await.map_err(failed)?;
    sqlx::query("PRAGMA user_version").fetch_one(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| DbError::File { path: path.to_owned(), reason: error.to_string() })
}
