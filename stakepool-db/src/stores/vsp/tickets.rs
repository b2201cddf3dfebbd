//! Registered tickets.

use async_trait::async_trait;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{
    FeeIncome, KeyChanges, Listed, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket, RegisteredWhere,
    SealedRecord, Slice, StoreError, VspTicketStore,
};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::RegisteredCounts;

use super::{changes, figures, records, rows};
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Statement, Turn, sql};

/// Tickets that one statement asks for.
const AT_ONCE: usize = 500;

#[async_trait]
impl VspTicketStore for Database {
    async fn registered_ticket(&self, ticket: &TicketHash) -> Result<Option<RegisteredTicket>, StoreError> {
        let row = self.row(&sql("SELECT * FROM vsp_tickets WHERE ticket = ?").bind(ticket.to_string())).await?;
        row.as_ref().map(rows::read).transpose()
    }

    async fn registered_among(&self, tickets: &[TicketHash]) -> Result<Vec<RegisteredTicket>, StoreError> {
        let mut found = Vec::new();
        for some in tickets.chunks(AT_ONCE) {
            let mut query = sql("SELECT * FROM vsp_tickets WHERE ticket IN (").once();
            query.push_list(some.iter().map(ToString::to_string)).push(") ORDER BY ticket");
            found.extend(self.rows(&query).await?.iter().filter_map(|row| rows::readable(self, row)));
        }
        Ok(found)
    }

    async fn add_registered_with(
        &self,
        ticket: &RegisteredTicket,
        records: &[SealedRecord],
    ) -> Result<bool, StoreError> {
        let hash = ticket.registration.ticket.to_string();
        transaction!(self.writes(Turn::Registered), |transaction| {
            let is_new = transaction.insert_new(&rows::insert(ticket)?).await?;
            if is_new {
                changes::note(transaction, &hash).await?;
                for record in records {
                    records::add(transaction, &hash, record).await?;
                }
            }
            Ok(is_new)
        })
    }

    async fn change_registered(&self, ticket: &RegisteredTicket, records: &RecordChange) -> Result<bool, StoreError> {
        let hash = ticket.registration.ticket.to_string();
        transaction!(self.writes(Turn::Registered), |transaction| {
            let changed = transaction.execute(&rows::update(ticket)?).await? == 1;
            if changed {
                changes::note(transaction, &hash).await?;
                records::change(transaction, &hash, records).await?;
            }
            Ok(changed)
        })
    }

    async fn forget_registered(&self, ticket: &TicketHash, revision: u64) -> Result<bool, StoreError> {
        let hash = ticket.to_string();
        let forget = sql("DELETE FROM vsp_tickets WHERE ticket = ? AND revision = ?")
            .bind(hash.as_str())
            .bind(rows::revision(revision));
        transaction!(self.writes(Turn::Registered), |transaction| {
            let is_gone = transaction.execute(&forget).await? == 1;
            if is_gone {
                changes::note(transaction, &hash).await?;
                transaction.execute(&sql("DELETE FROM vsp_records WHERE ticket = ?").bind(hash.as_str())).await?;
            }
            Ok(is_gone)
        })
    }

    async fn registered_where(&self, wanted: RegisteredWhere) -> Result<Vec<RegisteredTicket>, StoreError> {
        let found = self.rows(&query(wanted)).await?;
        Ok(found.iter().filter_map(|row| rows::readable(self, row)).collect())
    }

    async fn key_changes(&self, since: Option<u64>) -> Result<KeyChanges, StoreError> {
        changes::since(self, since).await
    }

    async fn records(&self, ticket: &TicketHash) -> Result<Vec<SealedRecord>, StoreError> {
        let query = sql("SELECT * FROM vsp_records WHERE ticket = ? ORDER BY number").bind(ticket.to_string());
        self.rows(&query).await?.iter().map(|row| records::read(row, ticket)).collect()
    }

    async fn registered_counts(&self) -> Result<RegisteredCounts, StoreError> {
        let query = sql("SELECT outcome, COUNT(*) AS number FROM vsp_tickets \
             WHERE outcome <> '' OR fee_status IN ('broadcast', 'confirmed') GROUP BY outcome");
        let mut counts = RegisteredCounts::default();
        for row in self.rows(&query).await? {
            let fields = Fields::new(&row, "vsp_tickets", "of counts");
            let number = fields.number("number")?;
            match fields.text("outcome")? {
                "" => counts.voting = number,
                "voted" => counts.voted = number,
                "missed" => counts.missed = number,
                "expired" => counts.expired = number,
                _ => counts.revoked = number,
            }
        }
        Ok(counts)
    }
    async fn find_registered(
        &self,
        query: &RegisteredQuery,
        slice: Slice,
    ) -> Result<Listed<RegisteredTicket>, StoreError> {
        figures::find(self, query, slice).await
    }

    async fn registered_figures(&self) -> Result<RegisteredFigures, StoreError> {
        figures::states(self).await
    }

    async fn fee_income(&self, since: UnixTime) -> Result<FeeIncome, StoreError> {
        figures::income(self, since).await
    }
}

fn query(wanted: RegisteredWhere) -> Statement {
    let height = |height: stakepool_core::chain::BlockHeight| i64::from(height.0);
    match wanted {
        RegisteredWhere::Unconfirmed => {
            sql("SELECT * FROM vsp_tickets WHERE outcome = '' AND confirmed_at IS NULL ORDER BY ticket")
        }
        RegisteredWhere::Fee(status) => {
            sql("SELECT * FROM vsp_tickets WHERE fee_status = ? ORDER BY ticket").bind(status.name())
        }
        RegisteredWhere::ToBeVoted => sql("SELECT * FROM vsp_tickets WHERE outcome = '' \
             AND fee_status IN ('broadcast', 'confirmed') ORDER BY ticket"),
        RegisteredWhere::SettledAbove(above) => {
            sql("SELECT * FROM vsp_tickets WHERE confirmed_at > ? OR fee_mined_at > ? OR ended_at > ? ORDER BY ticket")
                .bind(height(above))
                .bind(height(above))
                .bind(height(above))
        }
        RegisteredWhere::KeyKept { above, until } => {
            sql("SELECT * FROM vsp_tickets WHERE ended_at > ? AND ended_at <= ? \
             AND LENGTH(voting_key) > 0 ORDER BY ticket")
            .bind(height(above))
            .bind(height(until))
        }
    }
}
