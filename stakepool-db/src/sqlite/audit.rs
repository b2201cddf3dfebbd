//! The audit log.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::ports::{AuditEntry, AuditStore, StoreError};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;
use super::row::limit;

#[async_trait]
impl AuditStore for Database {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)")
            .bind(entry.at.0)
            .bind(entry.actor.as_str())
            .bind(entry.action.as_str())
            .bind(entry.subject.as_str())
            .bind(entry.detail.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn latest(&self, most: u64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query("SELECT id, at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?")
            .bind(limit(most))
            .fetch_all(self.readers())
            .await
            .map_err(backend)?;
        rows.iter().map(read).collect()
    }
}

/// The entry of a row with all columns.
pub(super) fn read(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let id: i64 = Fields::new(row, "audit", "?").number("id")?;
    let fields = Fields::new(row, "audit", id);
    Ok(AuditEntry {
        at: UnixTime(fields.number("at")?),
        actor: fields.text("actor")?.to_owned(),
        action: fields.text("action")?.to_owned(),
        subject: fields.text("subject")?.to_owned(),
        detail: fields.text("detail")?.to_owned(),
    })
}
