//! What was signed for a registered ticket.

use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{RecordChange, SealedRecord, SealedSecret, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::RecordKind;

use crate::sql::{Failure, Fields, Row, Transaction, sql};

/// Adds and forgets what a change says.
pub(super) async fn change(transaction: &mut Transaction, ticket: &str, records: &RecordChange) -> Result<(), Failure> {
    if let Some(number) = records.forgotten {
        let delete =
            sql("DELETE FROM vsp_records WHERE ticket = ? AND number = ?").bind(ticket).bind(i64::from(number));
        transaction.execute(&delete).await?;
    }
    match &records.added {
        Some(record) => add(transaction, ticket, record).await,
        None => Ok(()),
    }
}

/// Adds a record.
pub(super) async fn add(transaction: &mut Transaction, ticket: &str, record: &SealedRecord) -> Result<(), Failure> {
    let insert = sql("INSERT INTO vsp_records (ticket, number, kind, stamp, sealed) VALUES (?, ?, ?, ?, ?)")
        .bind(ticket)
        .bind(i64::from(record.number))
        .bind(record.kind.name())
        .bind(record.timestamp.0)
        .bind(record.sealed.0.as_slice());
    transaction.execute(&insert).await.map(drop)
}

/// The record of a row.
pub(super) fn read(row: &Row, ticket: &TicketHash) -> Result<SealedRecord, StoreError> {
    let fields = Fields::new(row, "vsp_records", ticket);
    Ok(SealedRecord {
        number: fields.number("number")?,
        kind: fields.named("kind", |name| RecordKind::ALL.into_iter().find(|kind| kind.name() == name))?,
        timestamp: UnixTime(fields.number("stamp")?),
        sealed: SealedSecret(fields.bytes("sealed")?.to_owned()),
    })
}
