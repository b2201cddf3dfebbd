//! What the start would find and do, looked at without a change.

use std::collections::{BTreeSet, HashMap};

use stakepool_core::accounts::UserId;
use stakepool_core::store_rules::email_key;

use crate::sql::{Failure, Guarded, sql};
use crate::takeover::Takeover;

/// What an account needs on the database, so that its tables can be brought up to date.
const RIGHTS: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX"];

/// What is there before `steps` steps are done.
pub(super) async fn look(connection: &mut Guarded, steps: usize) -> Result<Takeover, Failure> {
    let users = users(connection).await?;
    let missing_rights = if steps == 0 { Vec::new() } else { missing_rights(connection).await? };
    Ok(Takeover { users: users.len() as u64, steps, doubles: doubles(users), missing_rights })
}

/// The users with the keys of their e-mail addresses, by number.
async fn users(connection: &mut Guarded) -> Result<Vec<(UserId, String)>, Failure> {
    let all = sql("SELECT UserId AS id, COALESCE(Email, '') AS text FROM Users ORDER BY UserId");
    let rows = match connection.rows(&all).await {
        // There is no such table, and so no user.
        Err(failure) if failure.is_numbered(1146) => return Ok(Vec::new()),
        other => other?,
    };
    rows.iter().map(|row| Ok((UserId(row.get("id")?), email_key(row.get("text")?)))).collect()
}

/// Each user with the address of an earlier one, after that one.
fn doubles(users: Vec<(UserId, String)>) -> Vec<(UserId, UserId)> {
    let mut first = HashMap::new();
    let with_address = users.into_iter().filter(|(_, key)| !key.is_empty());
    with_address
        .filter_map(|(id, key)| {
            Some(*first.entry(key).or_insert(id)).filter(|holder| *holder != id).map(|holder| (holder, id))
        })
        .collect()
}

/// The account as the tables of grants have it. A name may have an @ in it, a host has none.
const GRANTEE: &str = "CONCAT('''', REPLACE(CURRENT_USER(), CONCAT('@', SUBSTRING_INDEX(CURRENT_USER(), '@', -1)), ''), \
                       '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";

/// The rights that were granted to the account neither on all databases nor on this one.
pub(in super::super) async fn missing_rights(connection: &mut Guarded) -> Result<Vec<&'static str>, Failure> {
    let mut granted =
        sql("SELECT CAST(privilege_type AS CHAR) AS name FROM information_schema.user_privileges WHERE grantee = ");
    // Databases are granted by patterns.
    granted
        .push(GRANTEE)
        .push(
            " UNION SELECT CAST(privilege_type AS CHAR) AS name FROM information_schema.schema_privileges \
             WHERE DATABASE() LIKE table_schema AND grantee = ",
        )
        .push(GRANTEE);
    let rows = connection.rows(&granted).await?;
    let granted: BTreeSet<&str> = rows.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?;
    Ok(RIGHTS.into_iter().filter(|right| !granted.contains(right)).collect())
}

/// Whether the account may have other rights than those: by a role, or on single tables.
pub(in super::super) async fn may_have_more_rights(connection: &mut Guarded) -> Result<bool, Failure> {
    let mut on_tables = sql(
        "SELECT 1 AS there FROM information_schema.table_privileges WHERE table_schema = DATABASE() AND grantee = ",
    );
    on_tables.push(GRANTEE).push(" LIMIT 1");
    if !connection.rows(&on_tables).await?.is_empty() {
        return Ok(true);
    }
    match connection.rows(&sql("SELECT COALESCE(CAST(CURRENT_ROLE() AS CHAR), 'NONE') AS role")).await {
        Ok(rows) => Ok(rows.first().map(|row| row.get::<&str>("role")).transpose()?.is_some_and(|role| role != "NONE")),
        // A server that knows no roles.
        Err(Failure::Sql(sqlx::Error::Database(_))) => Ok(false),
        Err(failure) => Err(failure),
    }
}
