//! Changes of registered tickets, by number. Their writers go one after the other, so that none comes late with a smaller number.

use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{KeyChanges, SealedSecret, StoreError, TicketKey};
use stakepool_core::vsp::Outcome;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Row, Transaction, sql};

/// Notes that a ticket has changed. The transaction has the turn.
pub(super) async fn note(transaction: &mut Transaction, ticket: &str) -> Result<(), Failure> {
    let latest = latest(transaction).await?;
    let note =
        sql("REPLACE INTO vsp_changes (ticket, number) VALUES (?, ?)").bind(ticket).bind(latest.saturating_add(1));
    transaction.execute(&note).await.map(drop)
}

async fn latest(transaction: &mut Transaction) -> Result<i64, Failure> {
    Ok(transaction.number(&sql("SELECT MAX(number) FROM vsp_changes")).await?.unwrap_or_default())
}

/// What has changed since a change.
pub(super) async fn since(database: &Database, since: Option<u64>) -> Result<KeyChanges, StoreError> {
    let since = since.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let (latest, last_end, since, rows) = transaction!(database.reads(), |transaction| {
        let latest = latest(transaction).await?;
        let last_end = transaction.number(&sql("SELECT MAX(ended_at) FROM vsp_tickets")).await?;
        let since = since.filter(|since| *since <= latest);
        let query = match since {
            Some(since) => sql("SELECT c.ticket AS changed, t.ticket AS ticket, t.voting_key AS voting_key, \
                 t.preferences AS preferences, t.fee_status AS fee_status, t.outcome AS outcome, t.ended_at AS ended_at \
                 FROM vsp_changes c LEFT JOIN vsp_tickets t ON t.ticket = c.ticket WHERE c.number > ? ORDER BY c.number")
            .bind(since),
            None => sql("SELECT ticket AS changed, ticket, voting_key, preferences, fee_status, outcome, ended_at \
                 FROM vsp_tickets WHERE outcome = '' OR LENGTH(voting_key) > 0 ORDER BY ticket"),
        };
        Ok((latest, last_end, since, transaction.rows(&query).await?))
    })?;
    let height = |number: i64| u32::try_from(number).map(BlockHeight).ok();
    let mut changes = KeyChanges {
        latest: latest.unsigned_abs(),
        is_all: since.is_none(),
        last_end: last_end.and_then(height),
        ..KeyChanges::default()
    };
    for row in &rows {
        match read(row) {
            Ok((_, Some(ticket))) => changes.tickets.push(ticket),
            Ok((ticket, None)) => changes.forgotten.push(ticket),
            // It keeps no other from being voted.
            Err(error) => database.log_once(&error, "a registered ticket is left out"),
        }
    }
    Ok(changes)
}

/// A ticket, as far as it is still there.
fn read(row: &Row) -> Result<(TicketHash, Option<TicketKey>), StoreError> {
    let hash = Fields::new(row, "vsp_changes", "?").text("changed")?;
    let fields = Fields::new(row, "vsp_tickets", hash);
    let ticket: TicketHash = fields.parsed("changed")?;
    if fields.text("ticket")?.is_empty() {
        return Ok((ticket, None));
    }
    let sealed = fields.bytes("voting_key")?;
    let key = TicketKey {
        ticket,
        voting_key: (!sealed.is_empty()).then(|| SealedSecret(sealed.to_owned())),
        preferences: serde_json::from_str(fields.text("preferences")?)
            .map_err(|error| fields.corrupt("preferences", error))?,
        fee: fields.parsed("fee_status")?,
        outcome: match fields.text("outcome")? {
            "" => None,
            _ => Some(fields.named("outcome", |name| Outcome::ALL.into_iter().find(|found| found.name() == name))?),
        },
        ended_at: fields.optional("ended_at")?.map(BlockHeight),
    };
    Ok((ticket, Some(key)))
}
