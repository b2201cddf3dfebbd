//! What tables are there, and what should be.

use std::collections::{BTreeMap, BTreeSet};

use super::predecessor::ADDITIONS;
use super::run::marks;
use super::steps;
use super::tables::layouts;
use crate::inspection::{FoundColumn, FoundTable, TableFacts};
use crate::sql::{Failure, Guarded, Row, sql};

/// Tables in which this program keeps what it has done.
const INTERNAL: [&str; 2] = ["schema_steps", "schema_lease"];

/// What tables are there, and what should be.
pub(in super::super) async fn tables(connection: &mut Guarded) -> Result<TableFacts, Failure> {
    let cases = connection.rows(&sql("SELECT CAST(@@lower_case_table_names AS SIGNED) AS n")).await?;
    Ok(TableFacts {
        found: found(connection).await?,
        expected: layouts(),
        internal: &INTERNAL,
        made: marks(connection).await?.into_iter().collect(),
        additions: ADDITIONS.iter().map(|addition| format!("Users.{}", addition.column)).collect(),
        is_server: true,
        has_cases: cases.first().map(|row| row.get::<i64>("n")).transpose()? == Some(0),
    })
}

/// Steps that are marked as done, and that this program does not know: a later version did them.
pub(in super::super) fn unknown_steps(made: &BTreeSet<String>) -> Vec<String> {
    let known: BTreeSet<String> = steps::all().map(|step| step.name()).collect();
    made.difference(&known).cloned().collect()
}

async fn found(connection: &mut Guarded) -> Result<Vec<FoundTable>, Failure> {
    let tables = sql("SELECT CAST(table_name AS CHAR) AS name, COALESCE(CAST(engine AS CHAR), '') AS engine, \
         COALESCE(CAST(row_format AS CHAR), '') AS format FROM information_schema.tables \
         WHERE table_schema = DATABASE() ORDER BY table_name");
    let columns = sql("SELECT CAST(table_name AS CHAR) AS t, CAST(column_name AS CHAR) AS name, \
         COALESCE(CAST(character_set_name AS CHAR), '') AS charset, COALESCE(CAST(collation_name AS CHAR), '') AS collation, \
         CASE WHEN column_key = 'PRI' THEN 1 ELSE 0 END AS is_key FROM information_schema.columns \
         WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position");
    let mut by_table: BTreeMap<String, Vec<FoundColumn>> = BTreeMap::new();
    for row in connection.rows(&columns).await? {
        let text = |column: &str| row.get::<String>(column);
        let column = FoundColumn {
            name: text("name")?,
            charset: text("charset")?.replace("utf8mb3", "utf8"),
            collation: text("collation")?,
            is_key: row.get::<i64>("is_key")? != 0,
        };
        by_table.entry(text("t")?).or_default().push(column);
    }
    let table = |row: &Row| -> Result<FoundTable, Failure> {
        let name: String = row.get("name")?;
        let columns = by_table.get(&name).cloned().unwrap_or_default();
        Ok(FoundTable { engine: row.get("engine")?, row_format: row.get("format")?, columns, name })
    };
    connection.rows(&tables).await?.iter().map(table).collect()
}
