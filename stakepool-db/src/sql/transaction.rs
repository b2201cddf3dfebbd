//! A transaction on any engine.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::Sqlite;

use super::failure::Failure;
use super::guarded::Guarded;
use super::row::Row;
use super::statement::Statement;

/// A transaction. It is rolled back where it is dropped.
pub(crate) enum Transaction {
    /// Of SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// Of MySQL or MariaDB.
    Mysql(Guarded),
}

impl Transaction {
    /// Runs a statement that changes rows; how many fit its condition, whether they were changed or were so before.
    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<u64, Failure> {
        match self {
            Self::Sqlite(transaction) => Ok(statement.sqlite().execute(&mut **transaction).await?.rows_affected()),
            Self::Mysql(connection) => connection.execute(statement).await,
        }
    }

    /// Inserts a row, unless there is one with its key: then false, and nothing has changed.
    pub(crate) async fn insert_new(&mut self, statement: &Statement) -> Result<bool, Failure> {
        match self.execute(statement).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_double() => {
                if let Self::Mysql(connection) = self {
                    connection.require_open().await?;
                }
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The rows that a statement finds.
    pub(crate) async fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Sqlite(transaction) => statement.sqlite_rows(&mut *transaction).await,
            Self::Mysql(connection) => connection.rows(statement).await,
        }
    }

    /// The rows that a statement finds, one after the other. Where it is dropped before the end, a connection to a server is of
    /// no use any more, and is closed.
    pub(crate) fn stream<'t>(&'t mut self, statement: &Statement) -> BoxStream<'t, Result<Row, Failure>> {
        match self {
            Self::Sqlite(transaction) => {
                let rows = statement.sqlite().fetch(&mut **transaction);
                rows.map(|row| row.map(Row::Sqlite).map_err(Failure::from)).boxed()
            }
            Self::Mysql(connection) => connection.stream(statement),
        }
    }

    /// The first row that a statement finds, which finds few.
    pub(crate) async fn row(&mut self, statement: &Statement) -> Result<Option<Row>, Failure> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The number in the first column of the first row; `None` without a row, or where it is NULL.
    pub(crate) async fn number(&mut self, statement: &Statement) -> Result<Option<i64>, Failure> {
        Ok(match self.row(statement).await? {
            Some(row) => row.first()?,
            None => None,
        })
    }

    /// Makes the changes last.
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.commit().await?),
            Self::Mysql(connection) => connection.commit().await,
        }
    }

    /// Takes the changes back.
    pub(crate) async fn roll_back(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.rollback().await?),
            Self::Mysql(connection) => connection.roll_back().await,
        }
    }
}
