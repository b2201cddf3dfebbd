//! The keys whose addresses take fees, and sealed secrets.

use async_trait::async_trait;
use stakepool_core::chain::{ExtendedPubKey, KeyIndex};
use stakepool_core::ports::{FeeKeyStore, SealedSecret, SealedStore, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::FeeKey;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Turn, sql};

#[async_trait]
impl FeeKeyStore for Database {
    async fn fee_keys(&self) -> Result<Vec<FeeKey>, StoreError> {
        let rows = self.rows(&sql("SELECT * FROM vsp_fee_keys ORDER BY added, fee_key")).await?;
        rows.iter().map(read).collect()
    }

    async fn fee_key(&self, key: &ExtendedPubKey) -> Result<Option<FeeKey>, StoreError> {
        let row = self.row(&sql("SELECT * FROM vsp_fee_keys WHERE fee_key = ?").bind(key.to_string())).await?;
        row.as_ref().map(read).transpose()
    }

    async fn add_fee_key(&self, key: &FeeKey, now: UnixTime) -> Result<bool, StoreError> {
        let row = sql("INSERT INTO vsp_fee_keys (fee_key, next_index, retired, added) VALUES (?, ?, ?, ?)")
            .bind(key.key().to_string())
            .bind(i64::from(key.next().0))
            .bind(key.is_retired())
            .bind(now.0);
        transaction!(self.writes(Turn::None), |transaction| transaction.insert_new(&row).await)
    }

    async fn change_fee_key(&self, before: &FeeKey, after: &FeeKey) -> Result<bool, StoreError> {
        let text =
            "UPDATE vsp_fee_keys SET next_index = ?, retired = ? WHERE fee_key = ? AND next_index = ? AND retired = ?";
        let change = sql(text)
            .bind(i64::from(after.next().0))
            .bind(after.is_retired())
            .bind(before.key().to_string())
            .bind(i64::from(before.next().0))
            .bind(before.is_retired());
        Ok(self.execute(&change).await? == 1)
    }
}

#[async_trait]
impl SealedStore for Database {
    async fn sealed(&self, name: &str) -> Result<Option<SealedSecret>, StoreError> {
        let row = self.row(&sql("SELECT sealed FROM sealed_secrets WHERE name = ?").bind(name)).await?;
        let read = |row: &Row| {
            Fields::new(row, "sealed_secrets", name).bytes("sealed").map(|sealed| SealedSecret(sealed.to_owned()))
        };
        row.as_ref().map(read).transpose()
    }

    async fn add_sealed(&self, name: &str, secret: &SealedSecret) -> Result<bool, StoreError> {
        let row = sql("INSERT INTO sealed_secrets (name, sealed) VALUES (?, ?)").bind(name).bind(secret.0.as_slice());
        transaction!(self.writes(Turn::None), |transaction| transaction.insert_new(&row).await)
    }

    async fn change_sealed(&self, name: &str, before: &SealedSecret, after: &SealedSecret) -> Result<bool, StoreError> {
        let change = sql("UPDATE sealed_secrets SET sealed = ? WHERE name = ? AND sealed = ?")
            .bind(after.0.as_slice())
            .bind(name)
            .bind(before.0.as_slice());
        Ok(self.execute(&change).await? == 1)
    }
}

fn read(row: &Row) -> Result<FeeKey, StoreError> {
    let fields = Fields::new(row, "vsp_fee_keys", "of a fee key");
    let key = fields.parsed("fee_key")?;
    Ok(FeeKey::restore(key, KeyIndex(fields.number("next_index")?), fields.flag("retired")?))
}
