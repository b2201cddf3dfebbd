//! Invitations.

use async_trait::async_trait;
use stakepool_core::ports::{Invitation, InvitationId, InvitationStore, Listed, NewInvitation, Slice, StoreError};
use stakepool_core::time::UnixTime;

use super::page::page as page_of;
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Statement, Turn, limit, sql};

#[async_trait]
impl InvitationStore for Database {
    async fn add_invitation(&self, invitation: &NewInvitation) -> Result<InvitationId, StoreError> {
        transaction!(self.writes(Turn::Invitations), |transaction| {
            let last = transaction.number(&sql("SELECT MAX(id) FROM invitations")).await?;
            let id = last.unwrap_or(0).saturating_add(1);
            transaction
                .execute(
                    &sql("INSERT INTO invitations (id, code_hash, made_by, note, uses, used, created, expires) \
             VALUES (?, ?, ?, ?, ?, 0, ?, ?)")
                    .bind(id)
                    .bind(hex::encode(invitation.code_hash))
                    .bind(invitation.made_by.as_str())
                    .bind(invitation.note.as_str())
                    .bind(i64::from(invitation.uses))
                    .bind(invitation.created.0)
                    .bind(invitation.expires.0),
                )
                .await?;
            Ok(InvitationId(id))
        })
    }

    async fn invitations(&self, slice: Slice) -> Result<Listed<Invitation>, StoreError> {
        let count = sql("SELECT COUNT(*) FROM invitations");
        let page = sql("SELECT * FROM invitations ORDER BY id DESC LIMIT ? OFFSET ?")
            .bind(limit(slice.limit))
            .bind(limit(slice.offset));
        let (total, rows) = page_of(self, &count, &page).await?;
        Ok(Listed { total, rows: rows.iter().map(read).collect::<Result<_, _>>()? })
    }

    async fn revoke_invitation(&self, id: InvitationId, now: UnixTime) -> Result<bool, StoreError> {
        let revoked = self.execute(&sql("UPDATE invitations SET revoked = ? WHERE id = ? AND revoked IS NULL AND used < uses AND expires > ?").bind(now.0).bind(id.0).bind(now.0)).await?;
        Ok(revoked == 1)
    }

    async fn open_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        Ok(open(self.row(&with_code(code_hash)).await?, now)?)
    }

    async fn use_invitation(&self, code_hash: &[u8; 32], now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
        transaction!(self.writes(Turn::Invitations), |transaction| {
            let Some(id) = open(transaction.row(&with_code(code_hash)).await?, now)? else { return Ok(None) };
            transaction.execute(&sql("UPDATE invitations SET used = used + 1 WHERE id = ?").bind(id.0)).await?;
            Ok(Some(id))
        })
    }

    async fn return_invitation(&self, id: InvitationId) -> Result<(), StoreError> {
        self.execute(&sql("UPDATE invitations SET used = used - 1 WHERE id = ? AND used > 0").bind(id.0))
            .await
            .map(drop)
    }
}

/// The invitation with a code.
fn with_code(code_hash: &[u8; 32]) -> Statement {
    sql("SELECT * FROM invitations WHERE code_hash = ?").bind(hex::encode(code_hash))
}

/// The invitation of a row, where it is open.
fn open(row: Option<Row>, now: UnixTime) -> Result<Option<InvitationId>, StoreError> {
    let found = row.as_ref().map(read).transpose()?.filter(|invitation| invitation.is_open(now));
    Ok(found.map(|invitation| invitation.id))
}

fn read(row: &Row) -> Result<Invitation, StoreError> {
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
