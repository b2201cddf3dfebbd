//! Rows of tickets, and reports that change them.

use std::collections::BTreeMap;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, TicketHash};
use stakepool_core::ports::StoreError;
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::store_rules::{LedgerTicket, merge_ticket};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;

use super::super::failure::backend;
use super::super::row::Fields;

/// Reports that share a statement. 16 values a row stay well below SQLite's 32,766.
const CHUNK: usize = 500;

/// Brings reports of a daemon into the ledger. What they do not change is not written.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    daemon: &str,
    reports: &[TicketReport],
    now: UnixTime,
) -> Result<(), StoreError> {
    for chunk in reports.chunks(CHUNK) {
        let mut stored = load(connection, chunk).await?;
        let mut changed = BTreeMap::new();
        for report in chunk {
            if let Some(next) = merge_ticket(stored.get(&report.ticket), daemon, report) {
                stored.insert(report.ticket, next.clone());
                changed.insert(report.ticket, next);
            }
        }
        if !changed.is_empty() {
            store(connection, changed.values(), now).await?;
        }
    }
    Ok(())
}

async fn load(
    connection: &mut SqliteConnection,
    reports: &[TicketReport],
) -> Result<BTreeMap<TicketHash, LedgerTicket>, StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM tickets WHERE ticket IN (");
    let mut hashes = sql.separated(", ");
    for report in reports {
        hashes.push_bind(report.ticket.to_string());
    }
    sql.push(")");
    let rows = sql.build().persistent(false).fetch_all(connection).await.map_err(backend)?;
    // A row that cannot be read gives way to the new report, which mends it.
    let ticket = |row: &SqliteRow| match read(row) {
        Ok(ticket) => Some((ticket.report.ticket, ticket)),
        Err(error) => {
            tracing::warn!(%error, "a ticket of the ledger is replaced by a daemon's report");
            None
        }
    };
    Ok(rows.iter().filter_map(ticket).collect())
}

async fn store(
    connection: &mut SqliteConnection,
    tickets: impl Iterator<Item = &LedgerTicket>,
    now: UnixTime,
) -> Result<(), StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "REPLACE INTO tickets (ticket, address, user_id, state, verdict, price, fee_address, committed_fee, \
         required_fee, mined_at, added, ignored, ended_at, revoked, told_by, updated) ",
    );
    sql.push_values(tickets, |mut row, LedgerTicket { report, told_by }| {
        let facts = &report.facts;
        row.push_bind(report.ticket.to_string())
            .push_bind(report.address.to_string())
            .push_bind(report.user.0)
            .push_bind(report.state.name())
            .push_bind(verdict_name(facts.verdict))
            .push_bind(facts.price.atoms())
            .push_bind(facts.fee_address.to_string())
            .push_bind(facts.committed_fee.atoms())
            .push_bind(facts.required_fee.atoms())
            .push_bind(i64::from(facts.mined_at.0))
            .push_bind(report.added)
            .push_bind(report.is_ignored())
            .push_bind(report.ended_at.map(|height| i64::from(height.0)))
            .push_bind(report.revoked)
            .push_bind(told_by.clone())
            .push_bind(now.0);
    });
    sql.build().persistent(false).execute(connection).await.map(drop).map_err(backend)
}

/// The ticket of a row with all columns.
pub(super) fn read(row: &SqliteRow) -> Result<LedgerTicket, StoreError> {
    let hash: &str = row.try_get("ticket").map_err(backend)?;
    let fields = Fields::new(row, "tickets", hash);
    let amount = |column| fields.number(column).map(Amount::from_atoms);
    let report = TicketReport {
        ticket: fields.parsed("ticket")?,
        address: fields.parsed("address")?,
        user: UserId(fields.number("user_id")?),
        state: fields.named("state", TicketState::from_name)?,
        facts: TicketFacts {
            verdict: fields.named("verdict", verdict_from_name)?,
            price: amount("price")?,
            fee_address: fields.parsed("fee_address")?,
            committed_fee: amount("committed_fee")?,
            required_fee: amount("required_fee")?,
            mined_at: BlockHeight(fields.number("mined_at")?),
        },
        added: fields.flag("added")?,
        ended_at: fields.optional("ended_at")?.map(BlockHeight),
        revoked: fields.flag("revoked")?,
    };
    Ok(LedgerTicket { report, told_by: fields.text("told_by")?.to_owned() })
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::LowFee => "low_fee",
        Verdict::UnknownFeeAddress => "unknown_fee_address",
    }
}

fn verdict_from_name(name: &str) -> Option<Verdict> {
    [Verdict::Accepted, Verdict::LowFee, Verdict::UnknownFeeAddress]
        .into_iter()
        .find(|verdict| verdict_name(*verdict) == name)
}
