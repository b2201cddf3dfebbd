//! Votes as administrators look for them.

use stakepool_core::ports::{Listed, Slice, StoreError, VoteOverview, VoteQuery};
use stakepool_core::reports::TicketState;

use super::super::ledger;
use super::super::page::page as page_of;
use crate::database::Database;
use crate::sql::{Fields, Row, Statement, limit, sql};

/// A page of the votes that fit, and how many there are in all, of one moment.
pub(super) async fn find(
    database: &Database,
    query: &VoteQuery,
    slice: Slice,
) -> Result<Listed<VoteOverview>, StoreError> {
    let mut count = sql("SELECT COUNT(*) FROM votes v");
    push_conditions(&mut count, query);

    let mut page = sql("SELECT v.*, t.user_id, t.state FROM votes v LEFT JOIN tickets t ON t.ticket = v.ticket");
    push_conditions(&mut page, query);
    page.push(" ORDER BY v.at_ms DESC, v.ticket, v.block, v.daemon LIMIT ").push_bind(limit(slice.limit));
    page.push(" OFFSET ").push_bind(limit(slice.offset));
    let (total, rows) = page_of(database, &count, &page).await?;
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listed { total, rows })
}

fn push_conditions(sql: &mut Statement, query: &VoteQuery) {
    let mut word = " WHERE ";
    let mut next = || std::mem::replace(&mut word, " AND ");
    if let Some(ticket) = query.ticket {
        sql.push(next()).push("v.ticket = ").push_bind(ticket.to_string());
    }
    if let Some(user) = query.user {
        sql.push(next()).push("v.ticket IN (SELECT ticket FROM tickets WHERE user_id = ").push_bind(user.0).push(")");
    }
    if let Some(outcome) = query.outcome {
        sql.push(next()).push("v.outcome = ").push_bind(outcome.name());
    }
    if let Some(from) = query.from {
        sql.push(next()).push("v.height >= ").push_bind(i64::from(from.0));
    }
    if let Some(to) = query.to {
        sql.push(next()).push("v.height <= ").push_bind(i64::from(to.0));
    }
}

fn read(row: &Row) -> Result<VoteOverview, StoreError> {
    let vote = ledger::read_vote(row)?;
    let fields = Fields::new(row, "tickets", vote.record.ticket);
    let ticket = match fields.optional("user_id")? {
        Some(user) => Some((ledger::user_of(user), fields.named("state", TicketState::from_name)?)),
        None => None,
    };
    Ok(VoteOverview { vote, ticket })
}
