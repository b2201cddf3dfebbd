//! Low-fee tickets that an administrator added, in the predecessor's table.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{LowFeeStore, LowFeeTicket, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::voting::TicketState;

use super::Database;
use super::failure::backend;
use super::row::Fields;

#[async_trait]
impl LowFeeStore for Database {
    async fn add(&self, ticket: &LowFeeTicket) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let hash = ticket.ticket.to_string();
        let active: Option<i64> = sqlx::query_scalar(
            "SELECT LowFeeTicketID FROM LowFeeTicket WHERE TicketHash = ? AND Voted = 0 AND Expires > ? LIMIT 1",
        )
        .bind(hash.as_str())
        .bind(ticket.created.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(backend)?;
        if active.is_some() {
            return Ok(false);
        }
        // The table has no unique hash. What is left of an earlier adding goes, so that a ticket has one row.
        delete(&mut transaction, "DELETE FROM LowFeeTicket WHERE TicketHash = ?", &hash).await?;
        // A converted table need not number its rows by itself.
        sqlx::query(
            "INSERT INTO LowFeeTicket (LowFeeTicketID, AddedByUid, TicketAddress, TicketHash, TicketExpiry, Voted, \
             Created, Expires) SELECT COALESCE(MAX(LowFeeTicketID), 0) + 1, ?, ?, ?, 0, ?, ?, ? FROM LowFeeTicket",
        )
        .bind(ticket.added_by.map_or(0, |user| user.0))
        .bind(ticket.address.to_string())
        .bind(hash)
        .bind(voted(ticket.outcome))
        .bind(ticket.created.0)
        .bind(ticket.expires.0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn remove(&self, ticket: &TicketHash) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "DELETE FROM LowFeeTicket WHERE TicketHash = ? AND Voted = 0";
        let removed = delete(&mut transaction, sql, &ticket.to_string()).await?;
        transaction.commit().await.map_err(backend)?;
        Ok(removed > 0)
    }

    async fn active(&self, now: UnixTime) -> Result<Vec<LowFeeTicket>, StoreError> {
        let rows = sqlx::query(
            "SELECT LowFeeTicketID, AddedByUid, TicketAddress, TicketHash, Voted, Created, Expires \
             FROM LowFeeTicket WHERE Voted = 0 AND Expires > ? ORDER BY Created, LowFeeTicketID",
        )
        .bind(now.0)
        .fetch_all(self.readers())
        .await
        .map_err(backend)?;
        let mut tickets = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        // The predecessor adds a ticket as often as it is asked to.
        let mut seen = HashSet::new();
        tickets.retain(|ticket| seen.insert(ticket.ticket));
        Ok(tickets)
    }

    async fn set_outcome(&self, ticket: &TicketHash, outcome: TicketState) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE LowFeeTicket SET Voted = ? WHERE TicketHash = ? AND Voted = 0")
            .bind(voted(Some(outcome)))
            .bind(ticket.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

async fn delete(connection: &mut sqlx::SqliteConnection, sql: &'static str, hash: &str) -> Result<u64, StoreError> {
    sqlx::query(sql).bind(hash).execute(connection).await.map(|result| result.rows_affected()).map_err(backend)
}

/// What the column says. The predecessor only asks whether it is 0.
const fn voted(outcome: Option<TicketState>) -> i64 {
    match outcome {
        // A ticket that is not yet through its life has no outcome.
        None | Some(TicketState::Immature | TicketState::Live) => 0,
        Some(TicketState::Voted) => 1,
        Some(TicketState::Missed) => 2,
        Some(TicketState::Expired) => 3,
    }
}

fn read(row: &SqliteRow) -> Result<LowFeeTicket, StoreError> {
    let id: i64 = Fields::new(row, "LowFeeTicket", "?").number("LowFeeTicketID")?;
    let fields = Fields::new(row, "LowFeeTicket", id);
    let added_by: i64 = fields.number("AddedByUid")?;
    Ok(LowFeeTicket {
        ticket: fields.parsed("TicketHash")?,
        address: fields.parsed("TicketAddress")?,
        added_by: (added_by != 0).then_some(UserId(added_by)),
        created: UnixTime(fields.number("Created")?),
        expires: UnixTime(fields.number("Expires")?),
        outcome: match fields.number::<i64>("Voted")? {
            0 => None,
            1 => Some(TicketState::Voted),
            2 => Some(TicketState::Missed),
            3 => Some(TicketState::Expired),
            other => return Err(fields.corrupt("Voted", format_args!("{other} is not known"))),
        },
    })
}
