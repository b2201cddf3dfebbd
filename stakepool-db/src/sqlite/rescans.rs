//! Rescans that wallets owe.

use async_trait::async_trait;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{RescanStore, StoreError};

use super::Database;
use super::failure::backend;
use super::row::Fields;

#[async_trait]
impl RescanStore for Database {
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
        let row = sqlx::query("SELECT from_height FROM rescans WHERE wallet = ?")
            .bind(wallet)
            .fetch_optional(self.readers())
            .await
            .map_err(backend)?;
        row.as_ref().map(|row| Fields::new(row, "rescans", wallet).number("from_height").map(BlockHeight)).transpose()
    }

    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO rescans (wallet, from_height) VALUES (?, ?) ON CONFLICT (wallet) DO UPDATE \
             SET from_height = MIN(from_height, excluded.from_height)",
        )
        .bind(wallet)
        .bind(i64::from(from.0))
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM rescans WHERE wallet = ? AND from_height >= ?")
            .bind(wallet)
            .bind(i64::from(from.0))
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}
