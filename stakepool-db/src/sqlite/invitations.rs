//! Invitations.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use stakepool_core::ports::{Invitation, InvitationId, InvitationStore, Listed, NewInvitation, Slice, StoreError};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::{Fields, limit};

#[async_trait]
impl InvitationStore for Database {
    async fn add_invitation(&self, invitation: &NewInvitation) -> Result<InvitationId, StoreError> {
        let mut transaction = self.write().await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT MAX(id) FROM invitations")
            .fetch_one(&mut *transaction)
            .await
            .map_err(backend)?;
        let id = last.unwrap_or(0).saturating_add(1);
        sqlx::query(
            "INSERT INTO invitations (id, code_hash, made_by, note, uses, used, created, expires) \
             VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
        )
        .bind(id)
        .bind(hex::encode(invitation.code_hash))
        .bind(invitation.made_by.as_str())
        .bind(invitation.note.as_str())
        .bind(i64::from(invitation.uses))
        .bind(invitation.created.0)
        .bind(invitation.expires.0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(InvitationId(id))
    }

    async fn invitations(&self, slice: Slice) -> Result<Listed<Invitation>, StoreError> {
        let mut transaction = self.readers().begin().await.map_err(backend)?;
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invitations")
            .fetch_one(&mut *transaction)
            .await
            .map_err(backend)?;
        let rows = sqlx::query("SELECT * FROM invitations ORDER BY id DESC LIMIT ? OFFSET ?")
            .bind(limit(slice.limit))
            .bind(limit(slice.offset))
            .fetch_all(&mut *transaction)
            .await
            .map_err(backend)?;
        Ok(Listed { total: total.unsigned_abs(), rows: rows.iter().map(read).collect::<Result<_, _>>()? })
    }

    async fn revoke_invitation(&self, id: InvitationId, now: UnixTime) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let revoked = sqlx::query(
            "UPDATE invitations SET revoked = ? WHERE id = ? AND revoked IS NULL AND used < uses AND expires > ?",
        )
        .bind(now.0)
        .bind(id.0)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(revoked.rows_affected() == 1)
    }

    async fn open_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        open(self.readers(), code_hash, now).await
    }

    async fn use_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        let mut transaction = self.write().await?;
        let Some(id) = open(&mut *transaction, code_hash, now).await? else { return Ok(None) };
        sqlx::query("UPDATE invitations SET used = used + 1 WHERE id = ?")
            .bind(id.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(Some(id))
    }

    async fn return_invitation(&self, id: InvitationId) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE invitations SET used = used - 1 WHERE id = ? AND used > 0")
            .bind(id.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

/// The open invitation with a code.
async fn open(
    executor: impl SqliteExecutor<'_>,
    code_hash: &[u8; 32],
    now: UnixTime,
) -> Result<Option<InvitationId>, StoreError> {
    let row = sqlx::query("SELECT * FROM invitations WHERE code_hash = ?")
        .bind(hex::encode(code_hash))
        .fetch_optional(executor)
        .await
        .map_err(backend)?;
    let found = row.as_ref().map(read).transpose()?.filter(|invitation| invitation.is_open(now));
    Ok(found.map(|invitation| invitation.id))
}

fn read(row: &SqliteRow) -> Result<Invitation, StoreError> {
    let id: i64 = Fields::new(row, "invitations", "of an invitation").number("id")?;
    let fields = Fields::new(row, "invitations", id);
    Ok(Invitation {
        id: InvitationId(id),
        made_by: fields.text("made_by")?.to_owned(),
        note: fields.text("note")?.to_owned(),
        uses: fields.number("uses")?,
        used: fields.number("used")?,
        created: UnixTime(fields.number("created")?),
        expires: UnixTime(fields.number("expires")?),
        revoked: fields.optional("revoked")?.map(UnixTime),
    })
}
