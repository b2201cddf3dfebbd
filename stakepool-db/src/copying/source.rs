//! The database that is copied. It is only read, in one transaction.

use sqlx::sqlite::SqlitePool;
use tokio::time::Instant;

use super::place::Place;
use super::rows::{LONGEST, Rows, count, failed};
use crate::copy_mark;
use crate::error::DbError;
use crate::layout::Layout;
use crate::mysql;
use crate::sql::Transaction;
use crate::sqlite;

/// A database that is read in one transaction.
pub(super) struct Source {
    transaction: Transaction,
    /// What its errors are told with.
    place: Place,
    /// Closed behind the transaction.
    connections: Connections,
}

enum Connections {
    Sqlite(SqlitePool),
    Mysql(Box<mysql::Server>),
}

impl Source {
    /// Opens a pool's database whose tables are up to date.
    pub(super) async fn open(place: &Place) -> Result<Self, DbError> {
        let (mut transaction, connections) = match place {
            Place::Sqlite(path) => {
                let pool = sqlite::open_ready(path).await?;
                let transaction = pool.begin().await.map_err(|error| sqlite::open_error(path, &error))?;
                (Transaction::Sqlite(transaction), Connections::Sqlite(pool))
            }
            Place::Mysql(options) => {
                let server = mysql::open_once_ready(options.clone()).await?;
                let transaction = server.read(Instant::now() + LONGEST).await;
                let transaction = transaction.map_err(|failure| failed(place, failure))?;
                (Transaction::Mysql(transaction), Connections::Mysql(Box::new(server)))
            }
        };
        if let Some(source) =
            copy_mark::source_of_unfinished(&mut transaction).await.map_err(|error| failed(place, error))?
        {
            return Err(DbError::UnfinishedCopy { place: place.name(), source_place: source });
        }
        Ok(Self { transaction, place: place.clone(), connections })
    }

    /// How many rows a table has.
    pub(super) async fn count(&mut self, layout: &Layout) -> Result<u64, DbError> {
        let count = self.transaction.number(&count(layout)).await.map_err(|error| failed(&self.place, error))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// The rows of a table, in the order of its key.
    pub(super) fn rows(&mut self, layout: &Layout) -> Rows<'_> {
        Rows::new(&mut self.transaction, &self.place, layout)
    }

    /// Ends the transaction.
    pub(super) async fn close(self) {
        // It has only read.
        let _ = self.transaction.roll_back().await;
        match self.connections {
            Connections::Sqlite(pool) => pool.close().await,
            Connections::Mysql(server) => server.close().await,
        }
    }
}
