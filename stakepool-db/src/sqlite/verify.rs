//! Whether a file, such as a backup, is whole.

use std::path::Path;

use super::failure::open_error;
use super::inspect::read_only;
use super::{schema, stale_log};
use crate::copy_mark;
use crate::error::DbError;
use crate::layout::Layout;
use crate::sql::{Failure, Transaction, sql};

/// A file of a pool that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of its schema.
    pub schema: i64,
    /// The latest schema that this program knows. It brings an earlier one up to date when it opens the file.
    pub known_schema: i64,
    /// Its tables, with how many rows each has.
    pub tables: Vec<(&'static str, u64)>,
}

/// Looks through a whole file, its indexes included, and changes nothing.
pub(crate) async fn verify(path: &Path, layouts: &[Layout]) -> Result<Verified, DbError> {
    let refused = |reason: &str| DbError::NotReady { path: path.to_owned(), reason: reason.to_owned() };
    let file_error = |error: std::io::Error| DbError::File { path: path.to_owned(), reason: error.to_string() };
    let path = std::path::absolute(path).map_err(file_error)?;
    let found = std::fs::metadata(&path).map_err(file_error)?;
    if !found.is_file() || found.len() == 0 {
        return Err(refused("it is no file, or an empty one"));
    }
    stale_log::refuse(&path).await?;
    let failed = |error: sqlx::Error| open_error(&path, &error);
    let pool = read_only(&path).await?;
    let mut transaction = pool.begin().await.map_err(failed)?;
    let checked: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *transaction).await.map_err(failed)?;
    if checked != "ok" {
        return Err(DbError::Damaged { path, reason: checked });
    }
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let schema = schema::versions(&mut transaction, &names).await.map_err(failed)?.into_iter().max().unwrap_or(0);
    let known_schema = schema::known();
    if schema > known_schema {
        return Err(DbError::Newer { path, found: schema, known: known_schema });
    }
    if schema == 0 || !names.contains(&"Users") {
        return Err(refused("it has no tables of a pool"));
    }
    let mut transaction = Transaction::Sqlite(transaction);
    let of_rows = |failure| match failure {
        Failure::Sql(error) => open_error(&path, &error),
        other => DbError::Failed { path: path.clone(), reason: super::store_error(other).to_string() },
    };
    if names.contains(&"notes")
        && let Some(source) = copy_mark::source_of_unfinished(&mut transaction).await.map_err(of_rows)?
    {
        return Err(DbError::UnfinishedCopy { place: path.display().to_string(), source_place: source });
    }
    let mut tables = Vec::new();
    for layout in layouts.iter().filter(|layout| names.contains(&layout.name)) {
        let mut count = sql("SELECT COUNT(*) FROM ");
        count.push(layout.name);
        let rows = transaction.number(&count).await.map_err(of_rows)?.unwrap_or(0);
        tables.push((layout.name, rows.unsigned_abs()));
    }
    // It has only read.
    let _ = transaction.roll_back().await;
    pool.close().await;
    Ok(Verified { schema, known_schema, tables })
}
