//! What must be there of the predecessor's tables, and what an early version lacked.

use std::collections::{BTreeMap, BTreeSet};

use super::tables;
use crate::sql::{Failure, Guarded, sql};

/// A column that the predecessor added in a later version, as it does so itself at its start.
pub(super) struct Addition {
    pub(super) column: &'static str,
    /// Its type and place.
    pub(super) definition: &'static str,
    /// What rows get that have no value. Its programs fail on NULL.
    pub(super) fill: &'static str,
}

/// In the order in which they were added.
pub(super) const ADDITIONS: [Addition; 6] = [
    Addition {
        column: "HeightRegistered",
        definition: "bigint(20) NULL AFTER UserFeeAddr",
        // The height from which the predecessor has its wallets look for tickets of users whom it did not note one for.
        fill: "CASE WHEN MultiSigAddress <> '' THEN 15346 ELSE 0 END",
    },
    // Who signed up before there was a verification.
    Addition { column: "EmailVerified", definition: "bigint(20) NULL AFTER HeightRegistered", fill: "2" },
    Addition { column: "EmailToken", definition: "varchar(255) NULL AFTER EmailVerified", fill: "''" },
    Addition { column: "APIToken", definition: "varchar(255) NULL AFTER EmailToken", fill: "''" },
    Addition { column: "VoteBits", definition: "bigint(20) NULL AFTER APIToken", fill: "1" },
    Addition { column: "VoteBitsVersion", definition: "bigint(20) NULL AFTER VoteBits", fill: "3" },
];

/// The steps whose tables or columns are not there, or whose columns lack values, whether they were done before or not.
pub(super) async fn undone(connection: &mut Guarded) -> Result<Vec<String>, Failure> {
    let columns = sql("SELECT LOWER(CAST(table_name AS CHAR)) AS t, LOWER(CAST(column_name AS CHAR)) AS c \
         FROM information_schema.columns WHERE table_schema = DATABASE()");
    let rows = connection.rows(&columns).await?;
    let found: BTreeSet<(String, String)> =
        rows.iter().map(|row| Ok((row.get("t")?, row.get("c")?))).collect::<Result<_, sqlx::Error>>()?;
    let mut undone = Vec::new();
    for table in tables::PREDECESSOR {
        if !found.iter().any(|(name, _)| *name == table.name.to_lowercase()) {
            undone.push(step_of_table(table.name));
        }
    }
    for addition in ADDITIONS {
        let is_there = found.contains(&("users".to_owned(), addition.column.to_lowercase()));
        if !is_there || has_null(connection, addition.column).await? {
            undone.push(step_of_addition(addition.column));
        }
    }
    Ok(undone)
}

async fn has_null(connection: &mut Guarded, column: &'static str) -> Result<bool, Failure> {
    let mut null = sql("SELECT UserId FROM Users WHERE ");
    null.push(column).push(" IS NULL LIMIT 1");
    Ok(!connection.rows(&null).await?.is_empty())
}

/// The name of the step that makes a table.
pub(super) fn step_of_table(table: &str) -> String {
    format!("table {table}")
}

/// The name of the step that adds a column to the users.
pub(super) fn step_of_addition(column: &str) -> String {
    format!("column Users.{column}")
}

/// Why the tables cannot be taken over, if they cannot.
pub(super) async fn refuse(connection: &mut Guarded) -> Result<Option<String>, Failure> {
    let mut found: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let columns =
        sql("SELECT CAST(table_name AS CHAR) AS t, CAST(column_name AS CHAR) AS c FROM information_schema.columns \
         WHERE table_schema = DATABASE()");
    for row in connection.rows(&columns).await? {
        let (table, column): (&str, &str) = (row.get("t")?, row.get("c")?);
        let entry = found.entry(table.to_lowercase()).or_insert_with(|| (table.to_owned(), Vec::new()));
        entry.1.push(column.to_lowercase());
    }
    let cases = connection.rows(&sql("SELECT CAST(@@lower_case_table_names AS SIGNED) AS n")).await?;
    let has_cases = cases.first().map(|row| row.get::<i64>("n")).transpose()? == Some(0);
    for table in tables::PREDECESSOR {
        let Some((name, columns)) = found.get(&table.name.to_lowercase()) else { continue };
        if table.name == "Users" && !columns.iter().any(|column| column == "multisigaddress") {
            return Ok(Some(format!("its table `{name}` is another program's: check dbname")));
        }
        if has_cases && name != table.name {
            return Ok(Some(format!(
                "its table {} is called `{name}`, and this server tells the cases apart: \
                     RENAME TABLE `{name}` TO `{}`",
                table.name, table.name
            )));
        }
        let added = |column: &str| table.name == "Users" && ADDITIONS.iter().any(|addition| addition.column == column);
        let needed = table.columns.split(", ").filter_map(|definition| definition.split(' ').next());
        let missing = needed
            .filter(|column| *column != "PRIMARY" && !added(column))
            .find(|column| !columns.contains(&column.to_lowercase()));
        if let Some(column) = missing {
            return Ok(Some(format!(
                "its table {} lacks the column {column}: it is older than what this program can take over; start \
                     the last version of the predecessor's web program on it first",
                table.name
            )));
        }
    }
    unfit(connection).await
}

/// Why the kind of a table does not do, if it does not: one without transactions keeps halves of changes, and texts of
/// another character set cannot be compared with ours.
async fn unfit(connection: &mut Guarded) -> Result<Option<String>, Failure> {
    let kinds = sql("SELECT CAST(t.table_name AS CHAR) AS name, COALESCE(CAST(t.engine AS CHAR), '') AS engine, \
         CAST((SELECT COUNT(*) FROM information_schema.columns c WHERE c.table_schema = t.table_schema \
         AND c.table_name = t.table_name AND c.character_set_name <> 'utf8mb4') AS SIGNED) AS others \
         FROM information_schema.tables t WHERE t.table_schema = DATABASE()");
    for row in connection.rows(&kinds).await? {
        let (name, engine, others): (&str, &str, i64) = (row.get("name")?, row.get("engine")?, row.get("others")?);
        if !tables::PREDECESSOR.iter().any(|table| table.name.eq_ignore_ascii_case(name)) {
            continue;
        }
        if !engine.eq_ignore_ascii_case("InnoDB") {
            return Ok(Some(format!(
                "its table {name} has the engine {engine}, which has no transactions: ALTER TABLE `{name}` ENGINE=InnoDB"
            )));
        }
        if others > 0 {
            return Ok(Some(format!(
                "its table {name} has texts in another character set than utf8mb4: back it up, then \
                 ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4"
            )));
        }
    }
    Ok(None)
}
