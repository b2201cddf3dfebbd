//! Pages and counts of tickets.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::Amount;
use stakepool_core::ports::{LostAddress, StoreError, TicketOrder, TicketPage, TicketQuery};
use stakepool_core::reports::TicketState;

use super::super::page::page as page_of;
use super::no_user::NO_USER;
use super::tickets;
use crate::database::Database;
use crate::sql::{Fields, Statement, limit, sql};

/// A page, and how many tickets there are in all, of one moment.
pub(super) async fn page(database: &Database, query: &TicketQuery) -> Result<TicketPage, StoreError> {
    let mut count = sql("SELECT COUNT(*) FROM tickets");
    push_conditions(&mut count, query);

    // The inner query finds the page in an index alone; only its rows are then read whole.
    let mut rows = sql("SELECT t.* FROM (SELECT ticket FROM tickets");
    push_conditions(&mut rows, query);
    let (inner, outer) = order(query.order);
    rows.push(inner).push(", ticket LIMIT ").push_bind(limit(query.limit));
    rows.push(" OFFSET ").push_bind(limit(query.offset));
    rows.push(") page JOIN tickets t ON t.ticket = page.ticket").push(outer).push(", t.ticket");
    let (total, rows) = match query.known_total {
        Some(total) => (total, database.rows(&rows).await?),
        None => page_of(database, &count, &rows).await?,
    };
    let tickets = rows.iter().map(|row| tickets::read(row).map(|ticket| ticket.report)).collect::<Result<_, _>>()?;
    Ok(TicketPage { total, tickets })
}

/// An order as the inner and the outer query name it. NULL, which no height has, comes before all numbers.
const fn order(order: TicketOrder) -> (&'static str, &'static str) {
    match order {
        TicketOrder::Newest => (" ORDER BY mined_at DESC", " ORDER BY t.mined_at DESC"),
        TicketOrder::Oldest => (" ORDER BY mined_at", " ORDER BY t.mined_at"),
        TicketOrder::EndedLast => (" ORDER BY ended_at DESC", " ORDER BY t.ended_at DESC"),
        TicketOrder::EndedFirst => (" ORDER BY ended_at", " ORDER BY t.ended_at"),
        TicketOrder::OpenFirst => (
            " ORDER BY ended_at IS NULL DESC, ended_at DESC, mined_at DESC",
            " ORDER BY t.ended_at IS NULL DESC, t.ended_at DESC, t.mined_at DESC",
        ),
        TicketOrder::Dearest => (" ORDER BY price DESC", " ORDER BY t.price DESC"),
        TicketOrder::Cheapest => (" ORDER BY price", " ORDER BY t.price"),
    }
}

fn push_conditions(sql: &mut Statement, query: &TicketQuery) {
    let mut word = " WHERE ";
    let mut next = || std::mem::replace(&mut word, " AND ");
    if let Some(user) = query.user {
        sql.push(next()).push("user_id = ").push_bind(user.0);
    }
    if let Some(by_own_key) = query.by_own_key {
        // Claimed ones have a user.
        sql.push(next()).push(if by_own_key { "(user_id = " } else { "(user_id <> " }).push_bind(NO_USER);
        sql.push(if by_own_key { " OR ticket IN (" } else { " AND ticket NOT IN (" });
        sql.push("SELECT c.ticket FROM vsp_claims c))");
    }
    if !query.states.is_empty() {
        // The plus keeps SQLite from the index by state, which is best for one state of all users. Otherwise an index in
        // the order of the page spares sorting all that match.
        let by_state = query.user.is_none() && query.by_own_key != Some(true) && query.states.len() == 1;
        sql.push(next()).push(if by_state { "state IN (" } else { "+state IN (" });
        let states = ALL_STATES.into_iter().filter(|state| query.states.contains(state));
        sql.push_list(states.map(TicketState::name)).push(")");
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
    database: &Database,
    user: Option<UserId>,
) -> Result<Vec<(TicketState, bool, u64)>, StoreError> {
    let statement = match user {
        Some(user) => {
            sql("SELECT state, ignored, COUNT(*) AS tickets FROM tickets WHERE user_id = ? GROUP BY state, ignored")
                .bind(user.0)
        }
        None => sql("SELECT state, ignored, COUNT(*) AS tickets FROM tickets GROUP BY state, ignored"),
    };
    let rows = database.rows(&statement).await?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in &rows {
        let state = Fields::new(row, "tickets", "(all)").text("state")?;
        let fields = Fields::new(row, "tickets", format_args!("of state {state}"));
        let count = fields.number::<i64>("tickets")?.unsigned_abs();
        counts.push((fields.named("state", TicketState::from_name)?, fields.flag("ignored")?, count));
    }
    counts.sort_by_key(|(state, ignored, _)| (ALL_STATES.iter().position(|other| other == state), *ignored));
    Ok(counts)
}

/// What the tickets of a user cost that have not ended.
pub(super) async fn locked(database: &Database, user: UserId) -> Result<Amount, StoreError> {
    let mut statement = sql("SELECT CAST(COALESCE(SUM(price), 0) AS SIGNED) AS locked FROM tickets WHERE user_id = ");
    statement.push_bind(user.0).push(" AND state IN (");
    statement.push_list([TicketState::Immature, TicketState::Live].map(TicketState::name)).push(")");
    let row = database.row(&statement).await?;
    let locked = row.as_ref().map(|row| Fields::new(row, "tickets", format_args!("of user {user}")).number("locked"));
    Ok(Amount::from_atoms(locked.transpose()?.unwrap_or(0)))
}

/// Multisig addresses of tickets that no user's row has, with the numbers that their users had, and who reported them. Every
/// ticket is looked at.
const LOST_ADDRESSES: &str = "SELECT DISTINCT t.address AS address, t.user_id AS user_id, t.told_by AS daemon FROM tickets t \
                              WHERE t.user_id <> 0 AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.address_key = t.address) \
                              AND NOT EXISTS (SELECT 1 FROM vsp_claims c WHERE c.ticket = t.ticket) \
                              ORDER BY t.address, t.user_id, t.told_by";

/// Addresses with tickets that are no user's. One row that cannot be read must not stop what needs them.
pub(super) async fn lost_addresses(database: &Database) -> Result<Vec<LostAddress>, StoreError> {
    let rows = database.rows(&sql(LOST_ADDRESSES)).await?;
    let read = |row| {
        let fields = Fields::new(row, "tickets", "of an address without a user");
        let (address, user) = (fields.parsed("address")?, UserId(fields.number("user_id")?));
        Ok(LostAddress { address, user, daemon: fields.text("daemon")?.to_owned() })
    };
    let consequence = "it counts for no user; a daemon that reports the ticket again mends it";
    let readable = |row| read(row).map_err(|error| database.log_once(&error, consequence)).ok();
    Ok(rows.iter().filter_map(readable).collect())
}

/// All states, in the order of a ticket's life.
const ALL_STATES: [TicketState; 5] =
    [TicketState::Immature, TicketState::Live, TicketState::Voted, TicketState::Missed, TicketState::Expired];

#[cfg(test)]
mod tests {
    use stakepool_core::ports::LedgerStore;
    use stakepool_core::reports::TicketReport;
    use stakepool_core::testkit::samples::{multisig, report};
    use stakepool_core::time::UnixTime;

    use super::*;
    use crate::sqlite::SqliteOptions;

    #[tokio::test]
    async fn a_row_that_cannot_be_read_hides_no_other_lost_address() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pool.sqlite");
        let database = Database::open_sqlite(file, SqliteOptions::default()).await.unwrap();
        let lost = |number| TicketReport { address: multisig(7).into(), ..report(number, 11) };
        database.put_tickets("d:1", &[lost(1), lost(2)], UnixTime(1)).await.unwrap();
        let spoil = sql("UPDATE tickets SET address = 'rubbish' WHERE ticket = ?").bind(lost(1).ticket.to_string());
        assert_eq!(database.execute(&spoil).await.unwrap(), 1);
        let expected = LostAddress { address: multisig(7), user: UserId(11), daemon: "d:1".to_owned() };
        assert_eq!(database.lost_addresses().await.unwrap(), [expected]);
    }
}
