//! Pages and counts of tickets.

use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::ScriptAddress;
use stakepool_core::ports::{StoreError, TicketOrder, TicketPage, TicketQuery};
use stakepool_core::reports::TicketState;

use super::super::failure::backend;
use super::super::row::{Fields, limit};
use super::tickets;

/// A page, and how many tickets there are in all, of one moment.
pub(super) async fn page(readers: &SqlitePool, query: &TicketQuery) -> Result<TicketPage, StoreError> {
    let mut transaction = readers.begin().await.map_err(backend)?;
    let mut count = QueryBuilder::new("SELECT COUNT(*) FROM tickets");
    push_conditions(&mut count, query);
    let total: i64 = count.build_query_scalar().fetch_one(&mut *transaction).await.map_err(backend)?;

    // The inner query finds the page in an index alone; only its rows are then read whole.
    let mut sql = QueryBuilder::new("SELECT t.* FROM (SELECT ticket FROM tickets");
    push_conditions(&mut sql, query);
    let (by, falling) = order(query.order);
    sql.push(format_args!(" ORDER BY {by}{falling}, ticket LIMIT ")).push_bind(limit(query.limit));
    sql.push(" OFFSET ").push_bind(limit(query.offset));
    sql.push(format_args!(") page JOIN tickets t ON t.ticket = page.ticket ORDER BY t.{by}{falling}, t.ticket"));
    let rows = sql.build().fetch_all(&mut *transaction).await.map_err(backend)?;
    transaction.commit().await.map_err(backend)?;

    let tickets = rows.iter().map(|row| tickets::read(row).map(|ticket| ticket.report)).collect::<Result<_, _>>()?;
    Ok(TicketPage { total: total.unsigned_abs(), tickets })
}

/// The column of an order, and what makes it fall, with the column that decides where it does not.
const fn order(order: TicketOrder) -> (&'static str, &'static str) {
    match order {
        TicketOrder::Newest => ("mined_at", " DESC"),
        TicketOrder::Oldest => ("mined_at", ""),
        TicketOrder::EndedLast => ("ended_at", " DESC"),
        TicketOrder::EndedFirst => ("ended_at", ""),
        TicketOrder::OpenFirst => ("ended_at", " DESC NULLS FIRST, mined_at DESC"),
        TicketOrder::Dearest => ("price", " DESC"),
        TicketOrder::Cheapest => ("price", ""),
    }
}

fn push_conditions(sql: &mut QueryBuilder<Sqlite>, query: &TicketQuery) {
    let mut word = " WHERE ";
    let mut next = || std::mem::replace(&mut word, " AND ");
    if let Some(user) = query.user {
        sql.push(next()).push("user_id = ").push_bind(user.0);
    }
    if !query.states.is_empty() {
        // The plus keeps SQLite from the index by state, which is best for one state of all users. Otherwise an index in
        // the order of the page spares sorting all that match.
        let by_state = query.user.is_none() && query.states.len() == 1;
        sql.push(next()).push(if by_state { "state IN (" } else { "+state IN (" });
        let mut states = sql.separated(", ");
        for state in ALL_STATES.into_iter().filter(|state| query.states.contains(state)) {
            states.push_bind(state.name());
        }
        sql.push(")");
    }
    if let Some(ignored) = query.ignored {
        sql.push(next()).push("ignored = ").push_bind(ignored);
    }
    if let Some(added) = query.added {
        sql.push(next()).push("added = ").push_bind(added);
    }
    if !query.prefix.is_empty() {
        // All that begin with the prefix: no digit of a hash comes after `f`.
        sql.push(next()).push("ticket >= ").push_bind(query.prefix.clone());
        sql.push(next()).push("ticket < ").push_bind(format!("{}g", query.prefix));
    }
    if let Some(from) = query.ended_from {
        sql.push(next()).push("ended_at >= ").push_bind(i64::from(from.0));
    }
}

/// How many tickets are in each state, by state and ignored ones last.
pub(super) async fn counts(
    readers: &SqlitePool,
    user: Option<UserId>,
) -> Result<Vec<(TicketState, bool, u64)>, StoreError> {
    let sql = match user {
        Some(_) => "SELECT state, ignored, COUNT(*) AS tickets FROM tickets WHERE user_id = ? GROUP BY state, ignored",
        None => "SELECT state, ignored, COUNT(*) AS tickets FROM tickets GROUP BY state, ignored",
    };
    let mut statement = sqlx::query(sql);
    if let Some(user) = user {
        statement = statement.bind(user.0);
    }
    let rows = statement.fetch_all(readers).await.map_err(backend)?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in &rows {
        let state: &str = row.try_get("state").map_err(backend)?;
        let fields = Fields::new(row, "tickets", format_args!("of state {state}"));
        let count = fields.number::<i64>("tickets")?.unsigned_abs();
        counts.push((fields.named("state", TicketState::from_name)?, fields.flag("ignored")?, count));
    }
    counts.sort_by_key(|(state, ignored, _)| (ALL_STATES.iter().position(|other| other == state), *ignored));
    Ok(counts)
}

/// Addresses of tickets that no user's row has, each with the number that its user had. Every ticket is looked at.
const LOST_ADDRESSES: &str = "SELECT DISTINCT t.address AS address, t.user_id AS user_id FROM tickets t \
                              WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.address_key = t.address) \
                              ORDER BY t.address, t.user_id";

/// Addresses with tickets that are no user's.
pub(super) async fn lost_addresses(readers: &SqlitePool) -> Result<Vec<(ScriptAddress, UserId)>, StoreError> {
    let rows = sqlx::query(LOST_ADDRESSES).fetch_all(readers).await.map_err(backend)?;
    let read = |row| {
        let fields = Fields::new(row, "tickets", "of an address without a user");
        Ok((fields.parsed("address")?, UserId(fields.number("user_id")?)))
    };
    rows.iter().map(read).collect()
}

/// All states, in the order of a ticket's life.
const ALL_STATES: [TicketState; 5] =
    [TicketState::Immature, TicketState::Live, TicketState::Voted, TicketState::Missed, TicketState::Expired];
