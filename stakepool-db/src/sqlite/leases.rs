//! Work that only one of several instances does.

use async_trait::async_trait;
use stakepool_core::ports::{LeaseStore, StoreError};
use stakepool_core::store_rules::latest_lease;
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;

#[async_trait]
impl LeaseStore for Database {
    async fn lease(&self, work: &str, holder: &str, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let given = sqlx::query(
            "INSERT INTO leases (work, holder, until) VALUES (?, ?, ?) ON CONFLICT (work) DO UPDATE \
             SET holder = excluded.holder, until = excluded.until \
             WHERE leases.holder = excluded.holder OR leases.until <= ? OR leases.until > ?",
        )
        .bind(work)
        .bind(holder)
        .bind(until.0)
        .bind(now.0)
        .bind(latest_lease(now, until).0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(given.rows_affected() > 0)
    }

    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM leases WHERE work = ? AND holder = ?")
            .bind(work)
            .bind(holder)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT holder FROM leases WHERE work = ? AND until > ?")
            .bind(work)
            .bind(now.0)
            .fetch_optional(self.readers())
            .await
            .map_err(backend)
    }
}
