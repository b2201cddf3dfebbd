//! Work that only one of several instances does.

use async_trait::async_trait;
use stakepool_core::ports::{LeaseStore, StoreError};
use stakepool_core::store_rules::latest_lease;
use stakepool_core::time::UnixTime;

use crate::attempts::transaction;
use crate::database::Database;
use crate::sql::{Fields, Turn, sql};

#[async_trait]
impl LeaseStore for Database {
    async fn lease(&self, work: &str, holder: &str, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
        // Not an upsert: MySQL counts a row that a refused claim left alone like one that it changed.
        transaction!(self.writes(Turn::None), |transaction| {
            let free = sql(
                "UPDATE leases SET holder = ?, until = ? WHERE work = ? AND (holder = ? OR until <= ? OR until > ?)",
            )
            .bind(holder)
            .bind(until.0)
            .bind(work)
            .bind(holder)
            .bind(now.0)
            .bind(latest_lease(now, until).0);
            if transaction.execute(&free).await? > 0 {
                return Ok(true);
            }
            let first =
                sql("INSERT INTO leases (work, holder, until) VALUES (?, ?, ?)").bind(work).bind(holder).bind(until.0);
            transaction.insert_new(&first).await
        })
    }

    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError> {
        self.execute(&sql("DELETE FROM leases WHERE work = ? AND holder = ?").bind(work).bind(holder)).await.map(drop)
    }

    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError> {
        let row =
            self.row(&sql("SELECT holder FROM leases WHERE work = ? AND until > ?").bind(work).bind(now.0)).await?;
        row.map(|row| Ok(Fields::new(&row, "leases", work).text("holder")?.to_owned())).transpose()
    }
}
