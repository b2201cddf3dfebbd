//! The engines.

use stakepool_core::ports::StoreError;

use crate::mysql::Server;
use crate::sql::{Failure, Row, Statement};
use crate::sqlite::SqliteFile;

/// An engine with its connections.
#[derive(Debug)]
pub(crate) enum Engine {
    /// A file.
    Sqlite(Box<SqliteFile>),
    /// A database on a server.
    Mysql(Server),
}

impl Engine {
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Sqlite(file) => file.path().display().to_string(),
            Self::Mysql(server) => server.place(),
        }
    }

    /// The rows that a statement finds.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(file) => file.rows(statement).await,
            Self::Mysql(server) => server.rows(statement).await,
        }
        .map_err(|failure| self.store_error(failure))
    }

    /// What a failure means for those who use a store.
    pub(crate) fn store_error(&self, failure: Failure) -> StoreError {
        match self {
            Self::Sqlite(_) => crate::sqlite::store_error(failure),
            Self::Mysql(server) => server.store_error(failure),
        }
    }
}
