//! Registered tickets as rows.

use std::fmt::Display;
use std::str::FromStr;

use stakepool_core::chain::{Amount, BlockHeight, KeyIndex, Transaction};
use stakepool_core::ports::{RegisteredTicket, SealedSecret, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeAddress, Outcome, Quote, TicketRegistration};

use crate::database::Database;
use crate::sql::{Failure, Fields, Row, Statement, sql};

/// The statement that inserts a ticket.
pub(super) fn insert(ticket: &RegisteredTicket) -> Result<Statement, Failure> {
    let registration = &ticket.registration;
    let statement = sql(
        "INSERT INTO vsp_tickets (alternate, fee_amount, fee_expires, confirmed_at, fee_status, fee_since, fee_hash, payment, \
         fee_mined_at, voting_key, preferences, outcome, ended_at, revision, ticket, owner, fee_index, fee_address, ticket_tx, \
         registered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    Ok(bind_changing(statement, ticket)?
        .bind(revision(ticket.revision))
        .bind(registration.ticket.to_string())
        .bind(registration.owner.to_string())
        .bind(i64::from(registration.fee_address.index.0))
        .bind(registration.fee_address.address.to_string())
        .bind(ticket.transaction.encode().as_slice())
        .bind(ticket.registered.0))
}

/// The statement that puts a ticket in the place of the one with its revision.
pub(super) fn update(ticket: &RegisteredTicket) -> Result<Statement, Failure> {
    let statement = sql(
        "UPDATE vsp_tickets SET alternate = ?, fee_amount = ?, fee_expires = ?, confirmed_at = ?, fee_status = ?, \
         fee_since = ?, fee_hash = ?, payment = ?, fee_mined_at = ?, voting_key = ?, preferences = ?, outcome = ?, \
         ended_at = ?, revision = ? WHERE ticket = ? AND revision = ?",
    );
    Ok(bind_changing(statement, ticket)?
        .bind(revision(ticket.revision.saturating_add(1)))
        .bind(ticket.registration.ticket.to_string())
        .bind(revision(ticket.revision)))
}

/// A revision as engines take it.
pub(super) fn revision(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Binds what can change, but for the revision.
fn bind_changing(statement: Statement, ticket: &RegisteredTicket) -> Result<Statement, Failure> {
    let registration = &ticket.registration;
    let preferences = serde_json::to_string(&registration.preferences)
        .map_err(|error| StoreError::Backend(format!("choices cannot be written: {error}")))?;
    let height = |height: Option<BlockHeight>| height.map(|height| i64::from(height.0));
    Ok(statement
        .bind(text(registration.alternate))
        .bind(registration.quote.amount.atoms())
        .bind(registration.quote.expires.0)
        .bind(height(registration.confirmed_at))
        .bind(registration.fee.name())
        .bind(ticket.fee_since.0)
        .bind(text(registration.fee_transaction))
        .bind(ticket.payment.as_ref().map(Transaction::encode).unwrap_or_default().as_slice())
        .bind(height(ticket.fee_mined_at))
        .bind(ticket.voting_key.as_ref().map(|key| key.0.as_slice()).unwrap_or_default())
        .bind(preferences)
        .bind(registration.outcome.map(Outcome::name).unwrap_or_default())
        .bind(height(ticket.ended_at)))
}

/// The text of something that may be missing.
fn text(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The ticket of a row with all columns.
pub(super) fn read(row: &Row) -> Result<RegisteredTicket, StoreError> {
    let hash = Fields::new(row, "vsp_tickets", "?").parsed("ticket")?;
    let fields = Fields::new(row, "vsp_tickets", hash);
    let registration = TicketRegistration {
        ticket: hash,
        owner: fields.parsed("owner")?,
        alternate: parsed_or_empty(&fields, "alternate")?,
        fee_address: FeeAddress {
            index: KeyIndex(fields.number("fee_index")?),
            address: fields.parsed("fee_address")?,
        },
        quote: Quote {
            amount: Amount::from_atoms(fields.number("fee_amount")?),
            expires: UnixTime(fields.number("fee_expires")?),
        },
        confirmed_at: fields.optional("confirmed_at")?.map(BlockHeight),
        fee: fields.parsed("fee_status")?,
        fee_transaction: parsed_or_empty(&fields, "fee_hash")?,
        preferences: serde_json::from_str(fields.text("preferences")?)
            .map_err(|error| fields.corrupt("preferences", error))?,
        outcome: match fields.text("outcome")? {
            "" => None,
            _ => Some(fields.named("outcome", |name| Outcome::ALL.into_iter().find(|found| found.name() == name))?),
        },
    };
    let sealed = fields.bytes("voting_key")?;
    Ok(RegisteredTicket {
        registration,
        transaction: transaction(&fields, "ticket_tx")?,
        voting_key: (!sealed.is_empty()).then(|| SealedSecret(sealed.to_owned())),
        payment: if fields.bytes("payment")?.is_empty() { None } else { Some(transaction(&fields, "payment")?) },
        registered: UnixTime(fields.number("registered")?),
        fee_since: UnixTime(fields.number("fee_since")?),
        fee_mined_at: fields.optional("fee_mined_at")?.map(BlockHeight),
        ended_at: fields.optional("ended_at")?.map(BlockHeight),
        revision: fields.number("revision")?,
    })
}

/// A ticket as it is kept. One that cannot be read is left out: it keeps no other from its turn.
pub(super) fn readable(database: &Database, row: &Row) -> Option<RegisteredTicket> {
    read(row).map_err(|error| database.log_once(&error, "a registered ticket is left out")).ok()
}

fn parsed_or_empty<T: FromStr<Err: Display>>(fields: &Fields<'_>, column: &str) -> Result<Option<T>, StoreError> {
    if fields.text(column)?.is_empty() { Ok(None) } else { fields.parsed(column).map(Some) }
}

fn transaction(fields: &Fields<'_>, column: &str) -> Result<Transaction, StoreError> {
    Transaction::decode(fields.bytes(column)?).map_err(|error| fields.corrupt(column, error))
}
