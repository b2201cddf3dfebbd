//! Rescans that wallets owe.

use async_trait::async_trait;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{RescanStore, StoreError};

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Turn, sql};

#[async_trait]
impl RescanStore for Database {
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
        let row = self.row(&sql("SELECT from_height FROM rescans WHERE wallet = ?").bind(wallet)).await?;
        row.as_ref().map(|row| Fields::new(row, "rescans", wallet).number("from_height").map(BlockHeight)).transpose()
    }

    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let from = i64::from(from.0);
        transaction!(self.writes(Turn::None), |transaction| {
            let first = sql("INSERT INTO rescans (wallet, from_height) VALUES (?, ?)").bind(wallet).bind(from);
            if !transaction.insert_new(&first).await? {
                let lower = "UPDATE rescans SET from_height = ? WHERE wallet = ? AND from_height > ?";
                transaction.execute(&sql(lower).bind(from).bind(wallet).bind(from)).await?;
            }
            Ok(())
        })
    }

    async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        self.execute(
            &sql("DELETE FROM rescans WHERE wallet = ? AND from_height >= ?").bind(wallet).bind(i64::from(from.0)),
        )
        .await
        .map(drop)
    }
}
