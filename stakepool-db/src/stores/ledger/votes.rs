//! Records of votes.

use std::time::Duration;

use stakepool_core::chain::{BlockHeight, TicketHash, VoteBits};
use stakepool_core::ports::{StoreError, StoredVote};
use stakepool_core::reports::{VoteOutcome, VoteRecord, VoteTimings};
use stakepool_core::store_rules::replaces_vote;
use stakepool_core::time::UnixMillis;

use crate::database::Database;
use crate::sql::{Failure, Fields, Row, Transaction, limit, sql};

/// Stores a daemon's records.
pub(super) async fn put(transaction: &mut Transaction, daemon: &str, records: &[VoteRecord]) -> Result<(), Failure> {
    for record in records {
        let stored = transaction
            .row(
                &sql("SELECT * FROM votes WHERE daemon = ? AND ticket = ? AND block = ?")
                    .bind(daemon)
                    .bind(record.ticket.to_string())
                    .bind(record.block.to_string()),
            )
            .await?;
        let keep = match stored.as_ref().map(read).transpose() {
            Ok(stored) => stored.is_some_and(|stored| !replaces_vote(&stored.record, record)),
            Err(error) => {
                tracing::warn!(%error, "a vote of the ledger is replaced by a daemon's record");
                false
            }
        };
        if !keep {
            store(transaction, daemon, record).await?;
        }
    }
    Ok(())
}

async fn store(transaction: &mut Transaction, daemon: &str, record: &VoteRecord) -> Result<(), Failure> {
    let detail = if let VoteOutcome::Failed(error) = &record.outcome { error.as_str() } else { "" };
    transaction.execute(&sql("REPLACE INTO votes (daemon, ticket, block, address, height, bits, outcome, detail, attempts, total_ns, \
         signing_ns, sending_ns, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").bind(daemon).bind(record.ticket.to_string()).bind(record.block.to_string()).bind(record.address.to_string()).bind(i64::from(record.height.0)).bind(i64::from(record.bits.0)).bind(record.outcome.name()).bind(detail).bind(i64::from(record.attempts)).bind(nanos(record.timings.total)).bind(nanos(record.timings.signing)).bind(nanos(record.timings.sending)).bind(record.at.0)).await.map(drop)
}

/// Records of one ticket or of all, latest first.
pub(super) async fn latest(
    database: &Database,
    ticket: Option<&TicketHash>,
    most: u64,
) -> Result<Vec<StoredVote>, StoreError> {
    let statement = match ticket {
        Some(ticket) => sql("SELECT * FROM votes WHERE ticket = ? ORDER BY at_ms DESC, block, daemon LIMIT ?")
            .bind(ticket.to_string()),
        None => sql("SELECT * FROM votes ORDER BY at_ms DESC, ticket, block, daemon LIMIT ?"),
    };
    let rows = database.rows(&statement.bind(limit(most))).await?;
    rows.iter().map(read).collect()
}

/// The vote of a row with all columns of its table.
pub(in super::super) fn read(row: &Row) -> Result<StoredVote, StoreError> {
    let unnamed = Fields::new(row, "votes", "?");
    let id = format!(
        "{} of ticket {} on block {}",
        unnamed.text("daemon")?,
        unnamed.text("ticket")?,
        unnamed.text("block")?
    );
    let fields = Fields::new(row, "votes", id);
    let duration = |column| fields.number(column).map(Duration::from_nanos);
    let record = VoteRecord {
        ticket: fields.parsed("ticket")?,
        address: fields.parsed("address")?,
        block: fields.parsed("block")?,
        height: BlockHeight(fields.number("height")?),
        bits: VoteBits(fields.number("bits")?),
        outcome: match fields.text("outcome")? {
            "sent" => VoteOutcome::Sent,
            "already_known" => VoteOutcome::AlreadyKnown,
            "rival_vote" => VoteOutcome::RivalVote,
            "failed" => VoteOutcome::Failed(fields.text("detail")?.to_owned()),
            other => return Err(fields.corrupt("outcome", format_args!("`{other}` is not known"))),
        },
        attempts: fields.number("attempts")?,
        timings: VoteTimings {
            total: duration("total_ns")?,
            signing: duration("signing_ns")?,
            sending: duration("sending_ns")?,
        },
        at: UnixMillis(fields.number("at_ms")?),
    };
    Ok(StoredVote { daemon: fields.text("daemon")?.to_owned(), record })
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
