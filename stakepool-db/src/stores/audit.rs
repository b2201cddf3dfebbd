//! The audit log.

use async_trait::async_trait;
use stakepool_core::ports::{AuditEntry, AuditStore, StoreError};
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::sql::{Fields, Row, limit, sql};

#[async_trait]
impl AuditStore for Database {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.execute(
            &sql("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)")
                .bind(entry.at.0)
                .bind(entry.actor.as_str())
                .bind(entry.action.as_str())
                .bind(entry.subject.as_str())
                .bind(entry.detail.as_str()),
        )
        .await
        .map(drop)
    }

    async fn latest(&self, most: u64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self
            .rows(
                &sql("SELECT id, at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?")
                    .bind(limit(most)),
            )
            .await?;
        rows.iter().map(read).collect()
    }
}

/// The entry of a row with all columns.
pub(super) fn read(row: &Row) -> Result<AuditEntry, StoreError> {
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
