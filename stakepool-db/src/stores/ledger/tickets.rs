//! Rows of tickets, and reports that change them.

use std::collections::BTreeMap;

use stakepool_core::chain::{Amount, BlockHeight, TicketHash, TxHash};
use stakepool_core::ports::StoreError;
use stakepool_core::reports::{Spend, TicketReport, TicketState, TicketTimes};
use stakepool_core::store_rules::{LedgerTicket, merge_ticket};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;

use super::claims;
use super::no_user::{NO_USER, user_of};
use crate::sql::{Failure, Fields, Row, Transaction, Value, sql};

/// Reports that share a statement. 26 values a row stay well below SQLite's 32,766.
const CHUNK: usize = 500;

/// Brings reports of a daemon into the ledger. What they do not change is not written.
pub(super) async fn put(
    transaction: &mut Transaction,
    daemon: &str,
    reports: &[TicketReport],
    now: UnixTime,
) -> Result<(), Failure> {
    for chunk in reports.chunks(CHUNK) {
        let mut stored = load(transaction, chunk.iter().map(|report| report.ticket)).await?;
        let mut changed = BTreeMap::new();
        let unowned: Vec<_> = chunk.iter().filter(|report| report.user.is_none()).map(|report| report.ticket).collect();
        let claimants = claims::claimants(transaction, &unowned).await?;
        for report in chunk {
            let user = report.user.or_else(|| claimants.get(&report.ticket).copied());
            let report = &TicketReport { user, ..report.clone() };
            if let Some(next) = merge_ticket(stored.get(&report.ticket), daemon, report) {
                stored.insert(report.ticket, next.clone());
                changed.insert(report.ticket, next);
            }
        }
        if !changed.is_empty() {
            store(transaction, changed.values(), now).await?;
        }
    }
    Ok(())
}

/// The tickets of these that are there and can be read.
pub(in super::super) async fn load(
    transaction: &mut Transaction,
    tickets: impl Iterator<Item = TicketHash>,
) -> Result<BTreeMap<TicketHash, LedgerTicket>, Failure> {
    let mut sql = sql("SELECT * FROM tickets WHERE ticket IN (").once();
    sql.push_list(tickets.map(|ticket| ticket.to_string())).push(")");
    let rows = transaction.rows(&sql).await?;
    // A row that cannot be read gives way to the new report, which mends it.
    let ticket = |row: &Row| match read(row) {
        Ok(ticket) => Some((ticket.report.ticket, ticket)),
        Err(error) => {
            tracing::warn!(%error, "a ticket of the ledger is replaced by a daemon's report");
            None
        }
    };
    Ok(rows.iter().filter_map(ticket).collect())
}

/// Writes tickets as they are to be.
pub(in super::super) async fn store(
    transaction: &mut Transaction,
    tickets: impl Iterator<Item = &LedgerTicket>,
    now: UnixTime,
) -> Result<(), Failure> {
    let mut sql =
        sql("REPLACE INTO tickets (ticket, address, user_id, state, verdict, price, fee_address, committed_fee, \
         required_fee, mined_at, added, ignored, ended_at, revoked, told_by, updated, mined_time, matured_time, drawn_time, \
         ended_time, spend_tx, spend_at, spend_time, spend_paid, spend_first, lacks_facts) VALUES ")
        .once();
    for (number, LedgerTicket { report, told_by }) in tickets.enumerate() {
        let (facts, times, spend) = (&report.facts, &report.times, report.spend.as_ref());
        let values: [Value; 26] = [
            report.ticket.to_string().into(),
            report.address.to_string().into(),
            report.user.map_or(NO_USER, |user| user.0).into(),
            report.state.name().into(),
            verdict_name(facts.verdict).into(),
            facts.price.atoms().into(),
            facts.fee_address.to_string().into(),
            facts.committed_fee.atoms().into(),
            facts.required_fee.atoms().into(),
            i64::from(facts.mined_at.0).into(),
            report.added.into(),
            report.is_ignored().into(),
            report.ended_at.map(|height| i64::from(height.0)).into(),
            report.revoked.into(),
            told_by.clone().into(),
            now.0.into(),
            times.mined.map(|time| time.0).into(),
            times.matured.map(|time| time.0).into(),
            times.drawn.map(|time| time.0).into(),
            times.ended.map(|time| time.0).into(),
            spend.map_or_else(String::new, |spend| spend.transaction.to_string()).into(),
            spend.map(|spend| i64::from(spend.mined_at.0)).into(),
            spend.and_then(|spend| spend.time).map(|time| time.0).into(),
            spend.map(|spend| spend.paid.atoms()).into(),
            spend.map(|spend| spend.first.atoms()).into(),
            report.lacks_facts().into(),
        ];
        sql.push(if number == 0 { "(" } else { ", (" }).push_list(values).push(")");
    }
    transaction.execute(&sql).await.map(drop)
}

/// The ticket of a row with all columns.
pub(in super::super) fn read(row: &Row) -> Result<LedgerTicket, StoreError> {
    let hash = Fields::new(row, "tickets", "?").text("ticket")?;
    let fields = Fields::new(row, "tickets", hash);
    let amount = |column| fields.number(column).map(Amount::from_atoms);
    let report = TicketReport {
        ticket: fields.parsed("ticket")?,
        address: fields.parsed("address")?,
        user: user_of(fields.number("user_id")?),
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
        times: times(&fields)?,
        spend: spend(&fields)?,
    };
    Ok(LedgerTicket { report, told_by: fields.text("told_by")?.to_owned() })
}

/// When things happened to the ticket of a row.
pub(in super::super) fn times(fields: &Fields<'_>) -> Result<TicketTimes, StoreError> {
    let time = |column| Ok::<_, StoreError>(fields.optional(column)?.map(UnixTime));
    Ok(TicketTimes {
        mined: time("mined_time")?,
        matured: time("matured_time")?,
        drawn: time("drawn_time")?,
        ended: time("ended_time")?,
    })
}

fn spend(fields: &Fields<'_>) -> Result<Option<Spend>, StoreError> {
    if fields.text("spend_tx")?.is_empty() {
        return Ok(None);
    }
    Ok(Some(Spend {
        transaction: fields.parsed::<TxHash>("spend_tx")?,
        mined_at: BlockHeight(fields.number("spend_at")?),
        time: fields.optional("spend_time")?.map(UnixTime),
        paid: Amount::from_atoms(fields.number("spend_paid")?),
        first: Amount::from_atoms(fields.number("spend_first")?),
    }))
}

/// The name of a verdict in rows.
pub(in super::super) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::LowFee => "low_fee",
        Verdict::UnknownFeeAddress => "unknown_fee_address",
        Verdict::FeeLost => "fee_lost",
    }
}

fn verdict_from_name(name: &str) -> Option<Verdict> {
    [Verdict::Accepted, Verdict::LowFee, Verdict::UnknownFeeAddress, Verdict::FeeLost]
        .into_iter()
        .find(|verdict| verdict_name(*verdict) == name)
}
