//! The database that a pool is copied into.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use stakepool_core::ports::{DatabaseServer, StoreError};
use tokio::time::Instant;

use super::copy_end::CopyEnd;
use super::fingerprint::Fingerprint;
use super::rows::{LONGEST, Rows, Values, columns, count, failed, size};
use crate::copy_mark;
use crate::database::Database;
use crate::error::DbError;
use crate::layout::Layout;
use crate::mysql;
use crate::retries::transaction;
use crate::sql::{Failure, Statement, Transaction, Turn, sql};
use crate::sqlite::{self, SqliteOptions};

/// Most values of a statement: SQLite takes 32,766. Each statement is a way to the server and back, on a busy computer a long one.
const TOGETHER: usize = 16_000;
/// How many bytes fill a statement, however few rows they are: servers refuse packets that are too large, some from 1 MiB on.
const TOGETHER_BYTES: usize = 512 << 10;
/// How long a piece may be tried on a busy server.
const PATIENCE: Duration = Duration::from_secs(120);

/// A database that takes a copy.
pub(super) struct Target {
    database: Database,
    place: CopyEnd,
}

impl Target {
    /// Opens a database that is empty, or that an earlier run of the same copy began; makes its tables, and marks it.
    pub(super) async fn open(place: &CopyEnd, layouts: &[Layout], source: &str) -> Result<Self, DbError> {
        let database = match place {
            CopyEnd::Sqlite(path) => {
                refuse_file(path).await?;
                Database::open_sqlite_to_copy(path, SqliteOptions { readers: 1, ..SqliteOptions::default() }).await?
            }
            CopyEnd::Mysql(server) => {
                refuse_taken(server, place, layouts, source).await?;
                Database::open_mysql_to_copy(server.clone()).await?
            }
        };
        let target = Self { database, place: place.clone() };
        match target.begin(layouts, source).await {
            Ok(()) => Ok(target),
            Err(error) => {
                target.database.close().await;
                Err(error)
            }
        }
    }

    async fn begin(&self, layouts: &[Layout], source: &str) -> Result<(), DbError> {
        let mut transaction = self.reader().await?;
        let begun = look(&mut transaction, &self.place, layouts, source).await?;
        // It has only read.
        let _ = transaction.roll_back().await;
        match begun {
            Begun::Before => Ok(()),
            Begun::Not => {
                self.database.execute(&copy_mark::set(source)).await.map(drop).map_err(|error| self.store(error))
            }
        }
    }

    /// How many rows a table has so far.
    pub(super) async fn count(&self, layout: &Layout) -> Result<u64, DbError> {
        let rows = self.database.number(&count(layout)).await.map_err(|error| self.store(error))?;
        Ok(rows.unwrap_or(0).unsigned_abs())
    }

    /// Writes rows in one transaction.
    pub(super) async fn write(&self, layout: &Layout, rows: Vec<Values>) -> Result<(), DbError> {
        let statements: Vec<Statement> = together(layout, rows).map(|rows| insert(layout, rows)).collect();
        let attempts = self.database.writes_within(Turn::None, PATIENCE);
        let written: Result<(), StoreError> = transaction!(attempts, |transaction| {
            for statement in &statements {
                transaction.execute(statement).await?;
            }
            Ok(())
        });
        written
            .map_err(|error| DbError::Copy { to: self.place.name(), reason: format!("table {}: {error}", layout.name) })
    }

    /// What a table has.
    pub(super) async fn fingerprint(&self, layout: &Layout) -> Result<Fingerprint, DbError> {
        let mut transaction = self.reader().await?;
        let sum = Rows::sum(&mut transaction, &self.place, layout).await?;
        // It has only read.
        let _ = transaction.roll_back().await;
        Ok(sum)
    }

    /// Removes the indexes of a table that is empty so far: they are made at once when it has its rows.
    pub(super) async fn drop_indexes(&self, layout: &Layout) -> Result<(), DbError> {
        let dropped = match (self.database.file(), self.database.server()) {
            (Some(file), _) => file.drop_indexes(layout.name).await,
            (None, Some(server)) => mysql::drop_indexes(server, layout).await,
            (None, None) => Ok(()),
        };
        dropped.map_err(|failure| failed(&self.place, failure))
    }

    /// The tables that lack an index, whichever run of the copy removed it.
    pub(super) async fn unindexed(&self, layouts: &[Layout]) -> Result<BTreeSet<String>, DbError> {
        let tables = match (self.database.file(), self.database.server()) {
            (Some(file), _) => file.unindexed().await,
            (None, Some(server)) => mysql::unindexed(server, layouts).await,
            (None, None) => Ok(BTreeSet::new()),
        };
        tables.map_err(|failure| failed(&self.place, failure))
    }

    /// Makes the indexes that a table lacks.
    pub(super) async fn make_indexes(&self, layout: &Layout) -> Result<(), DbError> {
        let made = match (self.database.file(), self.database.server()) {
            (Some(file), _) => file.make_indexes(layout.name).await,
            (None, Some(server)) => mysql::make_indexes(server, layout).await,
            (None, None) => Ok(()),
        };
        made.map_err(|failure| failed(&self.place, failure))
    }

    /// The error of a copy whose tables are not the source's.
    pub(super) fn differs(&self, tables: &[String]) -> DbError {
        let reason = format!(
            "these tables differ from the source's: {}. The source was changed after the copy was begun and cut off, or somebody \
             else writes into the copy: begin again with a new file or an empty database",
            tables.join(", ")
        );
        DbError::Copy { to: self.place.name(), reason }
    }

    /// Lets programs serve from it.
    pub(super) async fn finish(self) -> Result<(), DbError> {
        let done = self.database.execute(&copy_mark::remove()).await.map_err(|error| self.store(error));
        self.database.close().await;
        done?;
        match &self.place {
            // On the disk, all of it, before anybody is told that it is whole.
            CopyEnd::Sqlite(path) => sqlite::end_log(path).await,
            CopyEnd::Mysql(_) => Ok(()),
        }
    }

    pub(super) async fn close(self) {
        self.database.close().await;
    }

    async fn reader(&self) -> Result<Transaction, DbError> {
        let begun = self.database.long_read(Instant::now() + LONGEST).await;
        begun.map_err(|failure| failed(&self.place, failure))
    }

    fn store(&self, error: StoreError) -> DbError {
        DbError::Copy { to: self.place.name(), reason: error.to_string() }
    }
}

/// Whether a copy was begun.
enum Begun {
    /// The tables are empty, or not there.
    Not,
    /// An earlier run began it.
    Before,
}

/// Whether this copy was begun before. Fails where there is something else in the tables that are there.
async fn look(
    transaction: &mut Transaction,
    place: &CopyEnd,
    layouts: &[Layout],
    source: &str,
) -> Result<Begun, DbError> {
    let refused = |reason: String| Err(DbError::Copy { to: place.name(), reason });
    match where_there(copy_mark::source_of_unfinished(transaction).await) {
        Ok(None) => {}
        Ok(Some(begun)) if begun == source => return Ok(Begun::Before),
        Ok(Some(begun)) => return refused(format!("it holds an unfinished copy of {begun}")),
        Err(failure) => return Err(failed(place, failure)),
    }
    for layout in layouts {
        let rows = where_there(transaction.number(&count(layout)).await).map_err(|failure| failed(place, failure))?;
        if rows.unwrap_or(0) > 0 {
            return refused(format!(
                "it is a pool's already (its table {} has rows): name an empty database, or a file that is not there",
                layout.name
            ));
        }
    }
    Ok(Begun::Not)
}

/// Nothing where the server has no such table.
fn where_there<T>(found: Result<Option<T>, Failure>) -> Result<Option<T>, Failure> {
    match found {
        Err(failure) if failure.is_numbered(1146) => Ok(None),
        other => other,
    }
}

/// Fails where a database on a server is neither empty nor this copy, before a table of it is made or changed.
async fn refuse_taken(
    options: &DatabaseServer,
    place: &CopyEnd,
    layouts: &[Layout],
    source: &str,
) -> Result<(), DbError> {
    let server = mysql::open_once(options.clone()).await?;
    let looked = async {
        let transaction = server.read(Instant::now() + LONGEST).await;
        let mut transaction = Transaction::Mysql(transaction.map_err(|failure| failed(place, failure))?);
        look(&mut transaction, place, layouts, source).await
    };
    let looked = looked.await;
    server.close().await;
    looked.map(drop)
}

/// Fails where a file is there that is neither an empty pool nor a copy that was begun. It is not opened for writing before
/// that is known.
async fn refuse_file(path: &Path) -> Result<(), DbError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Ok(found) if found.is_file() && found.len() == 0 => return Ok(()),
        _ => {}
    }
    sqlite::refuse_in_use(path)?;
    let refused = |error: DbError| DbError::Copy { to: path.display().to_string(), reason: error.to_string() };
    sqlite::open_ready(path).await.map_err(refused)?.close().await;
    Ok(())
}

/// Rows by statements.
fn together(layout: &Layout, rows: Vec<Values>) -> impl Iterator<Item = Vec<Values>> {
    let (most, mut rows) = (most_rows(layout), rows.into_iter());
    std::iter::from_fn(move || {
        let (mut some, mut bytes) = (Vec::new(), 0);
        while some.len() < most && bytes < TOGETHER_BYTES {
            let Some(row) = rows.next() else { break };
            bytes += size(&row);
            some.push(row);
        }
        (!some.is_empty()).then_some(some)
    })
}

/// Most rows of a statement.
fn most_rows(layout: &Layout) -> usize {
    (TOGETHER / layout.columns.len().max(1)).max(1)
}

/// A statement with some rows. Those of most pieces have the same text, which stays prepared.
fn insert(layout: &Layout, rows: Vec<Values>) -> Statement {
    let mut insert = sql("INSERT INTO ");
    insert.push(layout.name).push(" (");
    columns(&mut insert, layout.columns.iter().map(|column| column.name));
    insert.push(") VALUES ");
    let is_common = rows.len() == most_rows(layout);
    for (number, row) in rows.into_iter().enumerate() {
        insert.push(if number == 0 { "(" } else { ", (" }).push_list(row).push(")");
    }
    if is_common { insert } else { insert.once() }
}

/// The tables that are copied: all that a pool lives on.
pub(super) fn layouts() -> Vec<Layout> {
    // What says who works now, and what was just done, is of one database.
    let of_one = ["turns", "operations", "leases", "write_tries"];
    mysql::layouts().into_iter().filter(|layout| !of_one.contains(&layout.name)).collect()
}
