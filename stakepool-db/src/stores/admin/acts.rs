//! Noted acts as administrators look for them.

use stakepool_core::accounts::{Actor, UserId};
use stakepool_core::audit::{AuditAction, AuditKind};
use stakepool_core::ports::{AuditEntry, AuditQuery, Listed, Slice, StoreError};
use stakepool_core::store_rules::email_key;

use super::super::audit;
use super::super::page::page as page_of;
use crate::database::Database;
use crate::sql::{Statement, limit, sql};

/// A page of the acts that fit, the latest first, and how many there are in all, of one moment.
pub(super) async fn find(
    database: &Database,
    query: &AuditQuery,
    slice: Slice,
) -> Result<Listed<AuditEntry>, StoreError> {
    let mut count = sql("SELECT COUNT(*) FROM audit");
    push_conditions(&mut count, query);

    let mut page = sql("SELECT * FROM audit");
    push_conditions(&mut page, query);
    page.push(" ORDER BY id DESC LIMIT ").push_bind(limit(slice.limit));
    page.push(" OFFSET ").push_bind(limit(slice.offset));
    let (total, rows) = page_of(database, &count, &page).await?;
    let rows = rows.iter().map(audit::read).collect::<Result<_, _>>()?;
    Ok(Listed { total, rows })
}

fn push_conditions(sql: &mut Statement, query: &AuditQuery) {
    sql.push(" WHERE 1");
    if let Some(kind) = query.kind {
        sql.push(" AND (instr(action, ").push_bind(AuditAction::OWN_PREFIX);
        sql.push(if kind == AuditKind::Own { ") = 1)" } else { ") <> 1)" });
    }
    let text = query.text.trim();
    if text.is_empty() {
        return;
    }
    // Longer numbers are the beginnings of tickets' hashes.
    if let Some(number) = text.parse::<i64>().ok().filter(|_| text.len() < 8) {
        let user = UserId(number);
        sql.push(" AND (subject = ").push_bind(user.to_string());
        sql.push(" OR actor = ").push_bind(Actor::User(user).to_string()).push(")");
        return;
    }
    // No patterns: % and _ mean themselves. What a detail names may be an address that the user has no more.
    sql.push(" AND (instr(subject, ").push_bind(text.to_lowercase()).push(") = 1");
    sql.push(" OR actor = ").push_bind(text.to_owned());
    sql.push(" OR instr(lower(detail), ").push_bind(text.to_lowercase()).push(") > 0");
    for column in ["subject", "substr(actor, 6)"] {
        sql.push(" OR ").push(column).push(
            " IN (SELECT CAST(u.UserId AS CHAR) FROM Users u LEFT JOIN accounts a ON a.user_id = u.UserId \
             WHERE instr(COALESCE(a.email_key, lower(u.Email) COLLATE exact), ",
        );
        sql.push_bind(email_key(text)).push(") > 0)");
    }
    sql.push(")");
}
