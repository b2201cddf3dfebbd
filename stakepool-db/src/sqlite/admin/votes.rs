//! Votes as administrators look for them.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{Listed, Slice, StoreError, VoteOverview, VoteQuery};
use stakepool_core::reports::TicketState;

use super::super::failure::backend;
use super::super::ledger;
use super::super::row::Fields;
use super::super::row::limit;

/// A page of the votes that fit, and how many there are in all, of one moment.
pub(super) async fn find(
    readers: &SqlitePool,
    query: &VoteQuery,
    slice: Slice,
) -> Result<Listed<VoteOverview>, StoreError> {
    let mut transaction = readers.begin().await.map_err(backend)?;
    let mut count = QueryBuilder::new("SELECT COUNT(*) FROM votes v");
    push_conditions(&mut count, query);
    let total: i64 = count.build_query_scalar().fetch_one(&mut *transaction).await.map_err(backend)?;

    let mut sql =
        QueryBuilder::new("SELECT v.*, t.user_id, t.state FROM votes v LEFT JOIN tickets t ON t.ticket = v.ticket");
    push_conditions(&mut sql, query);
    sql.push(" ORDER BY v.at_ms DESC, v.ticket, v.block, v.daemon LIMIT ").push_bind(limit(slice.limit));
    sql.push(" OFFSET ").push_bind(limit(slice.offset));
    let rows = sql.build().fetch_all(&mut *transaction).await.map_err(backend)?;
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listed { total: total.unsigned_abs(), rows })
}

fn push_conditions(sql: &mut QueryBuilder<Sqlite>, query: &VoteQuery) {
    let mut word = " WHERE ";
    let mut next = || std::mem::replace(&mut word, " AND ");
    if let Some(ticket) = query.ticket {
        sql.push(next()).push("v.ticket = ").push_bind(ticket.to_string());
    }
    if let Some(user) = query.user {
        sql.push(next()).push("v.ticket IN (SELECT ticket FROM tickets WHERE user_id = ").push_bind(user.0).push(")");
    }
    if query.failed {
        sql.push(next()).push("v.outcome = 'failed'");
    }
}

fn read(row: &SqliteRow) -> Result<VoteOverview, StoreError> {
    let vote = ledger::read_vote(row)?;
    let fields = Fields::new(row, "tickets", vote.record.ticket);
    let ticket = match fields.optional("user_id")? {
        Some(user) => Some((UserId(user), fields.named("state", TicketState::from_name)?)),
        None => None,
    };
    Ok(VoteOverview { vote, ticket })
}
