//! Low-fee tickets that an administrator added, in the predecessor's table.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{LowFeeStore, LowFeeTicket, StoreError};
use stakepool_core::reports::TicketState;
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;

/// Which rows count, with the time as parameter. What the ledger knows of a ticket goes before the time of day.
macro_rules! may_vote {
    () => {
        "Voted = 0 AND (Expires > ? OR EXISTS (SELECT 1 FROM tickets t WHERE t.ticket = TicketHash \
         AND t.state IN ('immature', 'live')))"
    };
}

/// What the column Voted should say of the ticket of a ledger's row `t`.
macro_rules! voted_by_ledger {
    () => {
        "CASE t.state WHEN 'voted' THEN 1 WHEN 'missed' THEN 2 WHEN 'expired' THEN 3 ELSE 0 END"
    };
}

/// Which pairs of a row and a ledger's row `t` differ for good, with the height as parameter.
macro_rules! unsettled {
    () => {
        concat!(
            "t.ticket = LowFeeTicket.TicketHash AND (t.state IN ('immature', 'live') OR t.ended_at <= ?) \
             AND LowFeeTicket.Voted <> ",
            voted_by_ledger!()
        )
    };
}

#[async_trait]
impl LowFeeStore for Database {
    async fn add(&self, ticket: &LowFeeTicket) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let hash = ticket.ticket.to_string();
        let active: Option<i64> = sqlx::query_scalar(concat!(
            "SELECT LowFeeTicketID FROM LowFeeTicket WHERE TicketHash = ? AND ",
            may_vote!(),
            " LIMIT 1"
        ))
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
        let rows = sqlx::query(concat!(
            "SELECT LowFeeTicketID, AddedByUid, TicketAddress, TicketHash, Voted, Created, Expires FROM LowFeeTicket WHERE ",
            may_vote!(),
            " ORDER BY Created, LowFeeTicketID"
        ))
        .bind(now.0)
        .fetch_all(self.readers())
        .await
        .map_err(backend)?;
        let readable = |row| read(row).map_err(|error| self.log_once(&error, "an added ticket is left out")).ok();
        let mut tickets: Vec<_> = rows.iter().filter_map(readable).collect();
        // The predecessor adds a ticket as often as it is asked to.
        let mut seen = HashSet::new();
        tickets.retain(|ticket| seen.insert(ticket.ticket));
        Ok(tickets)
    }

    async fn settle(&self, deep: BlockHeight) -> Result<bool, StoreError> {
        let deep = i64::from(deep.0);
        // Mostly there is nothing to do, and then nobody waits for the lock.
        let found: Option<i64> =
            sqlx::query_scalar(concat!("SELECT 1 FROM LowFeeTicket, tickets t WHERE ", unsettled!(), " LIMIT 1"))
                .bind(deep)
                .fetch_optional(self.readers())
                .await
                .map_err(backend)?;
        if found.is_none() {
            return Ok(false);
        }
        let mut transaction = self.write().await?;
        let changed = sqlx::query(concat!(
            "UPDATE LowFeeTicket SET Voted = ",
            voted_by_ledger!(),
            " FROM tickets AS t WHERE ",
            unsettled!()
        ))
        .bind(deep)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(changed.rows_affected() > 0)
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

/// The ticket of a row with all columns.
pub(super) fn read(row: &SqliteRow) -> Result<LowFeeTicket, StoreError> {
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
