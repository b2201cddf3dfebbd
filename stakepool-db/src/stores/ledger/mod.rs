//! The ledger of tickets and votes.

mod claims;
mod no_user;
mod query;
mod tickets;
mod votes;

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, TicketHash};
use stakepool_core::ports::{EventCursor, LedgerStore, LostAddress, StoreError, StoredVote, TicketPage, TicketQuery};
use stakepool_core::reports::{TicketReport, TicketState, VoteRecord};
use stakepool_core::time::UnixTime;

pub(super) use self::no_user::user_of;
pub(super) use self::tickets::{load, read as read_ticket, store, times, verdict_name};
pub(super) use self::votes::read as read_vote;
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Turn, sql};

/// Most rows of a transaction: a long one holds up all other writers, and nodes of a cluster refuse a large one. Each can be
/// repeated, so that a daemon whose report came half through reports again.
const TOGETHER: usize = 1000;

#[async_trait]
impl LedgerStore for Database {
    async fn put_tickets(&self, daemon: &str, reports: &[TicketReport], now: UnixTime) -> Result<(), StoreError> {
        for reports in reports.chunks(TOGETHER) {
            transaction!(self.writes(Turn::Ledger), |transaction| tickets::put(transaction, daemon, reports, now)
                .await)?;
            self.ledger_changed();
        }
        Ok(())
    }

    async fn put_votes(&self, daemon: &str, records: &[VoteRecord]) -> Result<(), StoreError> {
        for records in records.chunks(TOGETHER) {
            transaction!(self.writes(Turn::Ledger), |transaction| votes::put(transaction, daemon, records).await)?;
            self.ledger_changed();
        }
        Ok(())
    }

    async fn changes(&self) -> Result<u64, StoreError> {
        Ok(self.ledger_changes())
    }

    async fn tickets(&self, query: &TicketQuery) -> Result<TicketPage, StoreError> {
        query::page(self, query).await
    }

    async fn ticket(&self, ticket: &TicketHash) -> Result<Option<TicketReport>, StoreError> {
        let row = self.row(&sql("SELECT * FROM tickets WHERE ticket = ?").bind(ticket.to_string())).await?;
        row.as_ref().map(|row| tickets::read(row).map(|ticket| ticket.report)).transpose()
    }

    async fn votes(&self, ticket: Option<&TicketHash>, most: u64) -> Result<Vec<StoredVote>, StoreError> {
        votes::latest(self, ticket, most).await
    }

    async fn ticket_counts(&self, user: Option<UserId>) -> Result<Vec<(TicketState, bool, u64)>, StoreError> {
        query::counts(self, user).await
    }

    async fn locked(&self, user: UserId) -> Result<Amount, StoreError> {
        query::locked(self, user).await
    }

    async fn lost_addresses(&self) -> Result<Vec<LostAddress>, StoreError> {
        query::lost_addresses(self).await
    }

    async fn cursor(&self, daemon: &str) -> Result<Option<EventCursor>, StoreError> {
        let row = self.row(&sql("SELECT epoch, seq FROM daemon_cursors WHERE daemon = ?").bind(daemon)).await?;
        let Some(row) = row else { return Ok(None) };
        let fields = Fields::new(&row, "daemon_cursors", daemon);
        let (epoch, seq): (i64, i64) = (fields.number("epoch")?, fields.number("seq")?);
        Ok(Some(EventCursor { epoch: epoch.cast_unsigned(), seq: seq.cast_unsigned() }))
    }

    async fn set_cursor(&self, daemon: &str, cursor: EventCursor) -> Result<(), StoreError> {
        self.execute(
            &sql("REPLACE INTO daemon_cursors (daemon, epoch, seq) VALUES (?, ?, ?)")
                .bind(daemon)
                .bind(cursor.epoch.cast_signed())
                .bind(cursor.seq.cast_signed()),
        )
        .await
        .map(drop)
    }
}
