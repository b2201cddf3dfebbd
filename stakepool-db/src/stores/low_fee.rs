//! Low-fee tickets that an administrator added, in the predecessor's table.

use std::collections::HashSet;

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{LowFeeStore, LowFeeTicket, StoreError};
use stakepool_core::reports::TicketState;
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Turn, sql};

/// Which rows count, with the time as parameter. What the ledger knows of a ticket goes before the time of day.
macro_rules! may_vote {
    () => {
        "Voted = 0 AND (Expires > ? OR EXISTS (SELECT 1 FROM tickets t WHERE t.ticket = TicketHash COLLATE exact \
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
            "t.ticket = LowFeeTicket.TicketHash COLLATE exact AND (t.state IN ('immature', 'live') OR t.ended_at <= ?) \
             AND LowFeeTicket.Voted <> ",
            voted_by_ledger!()
        )
    };
}

#[async_trait]
impl LowFeeStore for Database {
    async fn add(&self, ticket: &LowFeeTicket) -> Result<bool, StoreError> {
        let hash = ticket.ticket.to_string();
        let active = sql(concat!(
            "SELECT LowFeeTicketID FROM LowFeeTicket WHERE TicketHash COLLATE exact = ? AND ",
            may_vote!(),
            " LIMIT 1"
        ))
        .bind(hash.as_str())
        .bind(ticket.created.0);
        transaction!(self.writes(Turn::LowFee), |transaction| {
            if transaction.number(&active).await?.is_some() {
                return Ok(false);
            }
            // The table has no unique hash. What is left of an earlier adding goes, so that a ticket has one row.
            let old = sql("DELETE FROM LowFeeTicket WHERE TicketHash COLLATE exact = ?").bind(hash.as_str());
            transaction.execute(&old).await?;
            // A converted table need not number its rows by itself.
            let last = transaction.number(&sql("SELECT MAX(LowFeeTicketID) FROM LowFeeTicket")).await?;
            let text = "INSERT INTO LowFeeTicket (LowFeeTicketID, AddedByUid, TicketAddress, TicketHash, TicketExpiry, \
                        Voted, Created, Expires) VALUES (?, ?, ?, ?, 0, ?, ?, ?)";
            let insert = sql(text)
                .bind(last.unwrap_or(0).saturating_add(1))
                .bind(ticket.added_by.map_or(0, |user| user.0))
                .bind(ticket.address.to_string())
                .bind(hash.as_str())
                .bind(voted(ticket.outcome))
                .bind(ticket.created.0)
                .bind(ticket.expires.0);
            transaction.execute(&insert).await?;
            Ok(true)
        })
    }

    async fn remove(&self, ticket: &TicketHash) -> Result<bool, StoreError> {
        let delete =
            sql("DELETE FROM LowFeeTicket WHERE TicketHash COLLATE exact = ? AND Voted = 0").bind(ticket.to_string());
        Ok(self.execute(&delete).await? > 0)
    }

    async fn active(&self, now: UnixTime) -> Result<Vec<LowFeeTicket>, StoreError> {
        let rows = self.rows(&sql(concat!(
            "SELECT LowFeeTicketID, AddedByUid, TicketAddress, TicketHash, Voted, Created, Expires FROM LowFeeTicket WHERE ",
            may_vote!(),
            " ORDER BY Created, LowFeeTicketID"
        )).bind(now.0)).await?;
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
        let found: Option<i64> = self
            .number(&sql(concat!("SELECT 1 FROM LowFeeTicket, tickets t WHERE ", unsettled!(), " LIMIT 1")).bind(deep))
            .await?;
        if found.is_none() {
            return Ok(false);
        }
        let settle = sql(concat!(
            "UPDATE LowFeeTicket SET Voted = (SELECT ",
            voted_by_ledger!(),
            " FROM tickets t WHERE t.ticket = LowFeeTicket.TicketHash COLLATE exact) WHERE EXISTS (SELECT 1 FROM tickets t WHERE ",
            unsettled!(),
            ")"
        ))
        .bind(deep);
        transaction!(self.writes(Turn::LowFee), |transaction| Ok(transaction.execute(&settle).await? > 0))
    }
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
pub(super) fn read(row: &Row) -> Result<LowFeeTicket, StoreError> {
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
