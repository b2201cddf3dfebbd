//! The database that is copied. It is only read, in one transaction.

use std::collections::HashSet;
use std::path::Path;

use sqlx::sqlite::SqlitePool;
use tokio::time::Instant;

use super::copy_end::CopyEnd;
use super::fingerprint::Fingerprint;
use super::in_use::{self, Meanwhile};
use super::rows::{LONGEST, Rows, count, failed};
use crate::copy_mark;
use crate::error::DbError;
use crate::layout::Layout;
use crate::mysql;
use crate::sql::{Failure, Transaction};
use crate::sqlite::{self, Holder};

/// A database that is read in one transaction.
pub(super) struct Source {
    transaction: Transaction,
    connections: Connections,
}

/// What outlives the transaction.
pub(super) struct Connections {
    /// What errors are told with.
    place: CopyEnd,
    engine: Engine,
}

/// Connections, and what they saw in the transaction of what was written until then.
enum Engine {
    Sqlite { pool: SqlitePool, version: i64 },
    Mysql { server: Box<mysql::Server>, operations: HashSet<String> },
}

impl Source {
    /// Opens a pool's database whose tables are up to date, and refuses one that is in use, unless what is written meanwhile
    /// is left out.
    pub(super) async fn open(place: &CopyEnd, meanwhile: Meanwhile) -> Result<Self, DbError> {
        let of_place = |failure| failed(place, failure);
        let (mut transaction, engine) = match place {
            CopyEnd::Sqlite(path) => {
                if meanwhile == Meanwhile::Refused {
                    refuse_open(place, path)?;
                }
                of_file(path).await?
            }
            CopyEnd::Mysql(options) => {
                let server = Box::new(mysql::open_once_ready(options.clone()).await?);
                if meanwhile == Meanwhile::Refused
                    && let Some(holder) = in_use::writer(&server).await.map_err(of_place)?
                {
                    server.close().await;
                    return Err(DbError::SourceInUse { place: place.name(), holder });
                }
                of_server(server).await.map_err(of_place)?
            }
        };
        if let Some(source) = copy_mark::source_of_unfinished(&mut transaction).await.map_err(of_place)? {
            return Err(DbError::UnfinishedCopy { place: place.name(), source_place: source });
        }
        Ok(Self { transaction, connections: Connections { place: place.clone(), engine } })
    }

    /// How many rows a table has.
    pub(super) async fn count(&mut self, layout: &Layout) -> Result<u64, DbError> {
        let count = self.transaction.number(&count(layout)).await;
        Ok(count.map_err(|error| failed(&self.connections.place, error))?.unwrap_or(0).unsigned_abs())
    }

    /// The rows of a table, in the order of its key.
    pub(super) fn rows(&mut self, layout: &Layout) -> Rows<'_> {
        Rows::in_order(&mut self.transaction, &self.connections.place, layout)
    }

    /// Ends the transaction.
    pub(super) async fn end(self) -> Connections {
        // It has only read.
        let _ = self.transaction.roll_back().await;
        self.connections
    }

    /// Ends it and the connections.
    pub(super) async fn close(self) {
        self.end().await.close().await;
    }
}

impl Connections {
    /// Whether somebody wrote to the database since the transaction, whose tables had these sums, began.
    pub(super) async fn were_outrun(&self, layouts: &[Layout], sums: &[Fingerprint]) -> Result<bool, DbError> {
        let of_place = |failure| failed(&self.place, failure);
        match &self.engine {
            Engine::Sqlite { pool, version } => {
                let mut connection = pool.acquire().await.map_err(|error| of_place(error.into()))?;
                let now = in_use::version(&mut connection).await.map_err(|error| of_place(error.into()))?;
                Ok(now != *version)
            }
            Engine::Mysql { server, operations } => {
                let now = server.read(Instant::now() + LONGEST).await.map_err(of_place)?;
                let mut now = Transaction::Mysql(now);
                let known = in_use::operations(&mut now).await.map_err(of_place)?;
                let mut outrun = !known.is_subset(operations);
                // Its programs note no transactions.
                for (layout, sum) in layouts.iter().zip(sums).filter(|(layout, _)| !layout.is_ours) {
                    outrun |= Rows::sum(&mut now, &self.place, layout).await? != *sum;
                }
                let _ = now.roll_back().await;
                Ok(outrun)
            }
        }
    }

    pub(super) async fn close(self) {
        match self.engine {
            Engine::Sqlite { pool, .. } => pool.close().await,
            Engine::Mysql { server, .. } => server.close().await,
        }
    }
}

/// Fails where a program has a file open.
fn refuse_open(place: &CopyEnd, path: &Path) -> Result<(), DbError> {
    match Holder::of(path) {
        Ok(None) => Ok(()),
        Ok(Some(holder)) => Err(DbError::SourceInUse { place: place.name(), holder: format!("{holder} has it open") }),
        Err(error) => Err(DbError::File { path: path.to_owned(), reason: error.to_string() }),
    }
}

async fn of_file(path: &Path) -> Result<(Transaction, Engine), DbError> {
    let failed = |error: sqlx::Error| sqlite::open_error(path, &error);
    let pool = sqlite::open_ready(path).await?;
    let mut transaction = pool.begin().await.map_err(failed)?;
    let version = in_use::version(&mut transaction).await.map_err(failed)?;
    Ok((Transaction::Sqlite(transaction), Engine::Sqlite { pool, version }))
}

async fn of_server(server: Box<mysql::Server>) -> Result<(Transaction, Engine), Failure> {
    let mut transaction = Transaction::Mysql(server.read(Instant::now() + LONGEST).await?);
    // The first read of the transaction, which decides of which moment all others are.
    let operations = in_use::operations(&mut transaction).await?;
    Ok((transaction, Engine::Mysql { server, operations }))
}
