//! Registered tickets as operators look for them, and what can be counted of them.

use stakepool_core::chain::Amount;
use stakepool_core::ports::{
    FeeIncome, Listed, RegisteredFigures, RegisteredQuery, RegisteredTicket, Slice, StoreError,
};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeStatus, RegisteredState};

use super::super::page::page as page_of;
use super::rows;
use crate::database::Database;
use crate::sql::{Fields, Statement, limit, sql};

/// A page of the tickets that fit, the last registered first, and how many there are in all, of one moment.
pub(super) async fn find(
    database: &Database,
    query: &RegisteredQuery,
    slice: Slice,
) -> Result<Listed<RegisteredTicket>, StoreError> {
    let mut count = sql("SELECT COUNT(*) FROM vsp_tickets");
    push_conditions(&mut count, query);

    let mut page = sql("SELECT * FROM vsp_tickets");
    push_conditions(&mut page, query);
    page.push(" ORDER BY registered DESC, ticket LIMIT ").push_bind(limit(slice.limit));
    page.push(" OFFSET ").push_bind(limit(slice.offset));
    let (total, rows) = page_of(database, &count, &page).await?;
    let rows = rows.iter().filter_map(|row| rows::readable(database, row)).collect();
    Ok(Listed { total, rows })
}

fn push_conditions(sql: &mut Statement, query: &RegisteredQuery) {
    sql.push(" WHERE 1");
    if !query.states.is_empty() {
        sql.push(" AND (0");
        for state in &query.states {
            match state {
                RegisteredState::Open(fee) => {
                    sql.push(" OR (outcome = '' AND fee_status = ").push_bind(fee.name()).push(")");
                }
                RegisteredState::Ended(outcome) => {
                    sql.push(" OR outcome = ").push_bind(outcome.name());
                }
            }
        }
        sql.push(")");
    }
    let text = query.text.trim();
    if text.is_empty() {
        return;
    }
    // No patterns: % and _ mean themselves. Hashes are kept in small letters.
    sql.push(" AND (instr(ticket, ").push_bind(text.to_lowercase()).push(") = 1");
    sql.push(" OR instr(fee_hash, ").push_bind(text.to_lowercase()).push(") = 1");
    for column in ["owner", "alternate", "fee_address"] {
        sql.push(" OR ").push(column).push(" = ").push_bind(text.to_owned());
    }
    sql.push(")");
}

/// How many tickets are in which state.
pub(super) async fn states(database: &Database) -> Result<RegisteredFigures, StoreError> {
    let query = sql("SELECT outcome, fee_status, COUNT(*) AS number, MIN(fee_since) AS oldest FROM vsp_tickets \
         GROUP BY outcome, fee_status");
    let mut figures = RegisteredFigures::default();
    let mut found = Vec::new();
    for row in database.rows(&query).await? {
        let fields = Fields::new(&row, "vsp_tickets", "of figures");
        let state = match fields.text("outcome")? {
            "" => RegisteredState::Open(fields.parsed("fee_status")?),
            _ => fields.parsed("outcome")?,
        };
        if state == RegisteredState::Open(FeeStatus::Received) {
            figures.oldest_unsent = fields.optional("oldest")?.map(UnixTime);
        }
        found.push((state, fields.number::<u64>("number")?));
    }
    // Tickets that ended in one way may have fees in several places.
    let number = |of: RegisteredState| found.iter().filter(|(state, _)| *state == of).map(|(_, number)| number).sum();
    figures.states = RegisteredState::ALL.into_iter().map(|state| (state, number(state))).collect();
    figures.states.retain(|(_, number)| *number > 0);
    Ok(figures)
}

/// The fees that are confirmed, and were so at a moment or later.
pub(super) async fn income(database: &Database, since: UnixTime) -> Result<FeeIncome, StoreError> {
    let query =
        sql("SELECT COUNT(*) AS fees, CAST(COALESCE(SUM(fee_amount), 0) AS SIGNED) AS amount FROM vsp_tickets \
         WHERE fee_status = ? AND fee_since >= ?")
        .bind(FeeStatus::Confirmed.name())
        .bind(since.0);
    let Some(row) = database.row(&query).await? else { return Ok(FeeIncome::default()) };
    let fields = Fields::new(&row, "vsp_tickets", "of fees");
    Ok(FeeIncome { fees: fields.number("fees")?, amount: Amount::from_atoms(fields.number("amount")?) })
}
