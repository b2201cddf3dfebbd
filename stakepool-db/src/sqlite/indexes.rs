//! Indexes that a table gets after its rows.
//!
//! Each row would go to another place of each index; once all rows are there, an index is sorted and written at once.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::file::SqliteFile;
use super::schema;
use crate::sql::Failure;

/// An index that keeps nothing unique.
#[derive(sqlx::FromRow)]
struct Index {
    tbl_name: String,
    name: String,
    sql: String,
}

impl SqliteFile {
    /// Removes the indexes of a table, but for those that keep something unique.
    pub(crate) async fn drop_indexes(&self, table: &str) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        for index in all(&mut transaction).await?.iter().filter(|index| index.tbl_name == table) {
            // Its name is one of ours.
            let drop = AssertSqlSafe(format!("DROP INDEX {}", index.name));
            sqlx::query(drop).persistent(false).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The tables that lack an index.
    pub(crate) async fn unindexed(&self) -> Result<BTreeSet<String>, Failure> {
        Ok(self.missing().await?.into_iter().map(|index| index.tbl_name).collect())
    }

    /// Makes the indexes that a table should have and has not.
    pub(crate) async fn make_indexes(&self, table: &str) -> Result<(), Failure> {
        for index in self.missing().await?.into_iter().filter(|index| index.tbl_name == table) {
            let mut transaction = self.write().await?;
            sqlx::query(AssertSqlSafe(index.sql)).persistent(false).execute(&mut *transaction).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn missing(&self) -> Result<Vec<Index>, Failure> {
        let mut latest = SqliteConnectOptions::new().in_memory(true).connect().await?;
        schema::make_tables(&mut latest).await?;
        let mut missing = all(&mut latest).await?;
        latest.close().await?;
        let there = all(&mut *self.reader().await?).await?;
        missing.retain(|index| !there.iter().any(|found| found.name == index.name));
        Ok(missing)
    }
}

async fn all(connection: &mut SqliteConnection) -> Result<Vec<Index>, sqlx::Error> {
    let all = "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'";
    sqlx::query_as(all).fetch_all(connection).await
}
