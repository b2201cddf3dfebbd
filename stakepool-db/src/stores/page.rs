//! A page of rows, and how many there are in all.

use stakepool_core::ports::StoreError;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Row, Statement};

/// What `count` counts and the rows that `rows` finds, of one moment.
pub(super) async fn page(
    database: &Database,
    count: &Statement,
    rows: &Statement,
) -> Result<(u64, Vec<Row>), StoreError> {
    transaction!(database.reads(), |transaction| {
        let total = transaction.number(count).await?.unwrap_or(0);
        Ok((total.unsigned_abs(), transaction.rows(rows).await?))
    })
}
