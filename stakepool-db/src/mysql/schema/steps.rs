//! The steps by which the tables come up to date, in their order. A step that was once part of a release stays as it is;
//! what changes later is another step behind it.

use std::time::Duration;

use super::predecessor::{ADDITIONS, Addition, step_of_addition, step_of_table};
use super::tables::{Column, Index, LATER, LATER_INDEXES, OURS, OWN, PREDECESSOR, THEIRS, Table};
use crate::sql::{Failure, Guarded, Turn, sql};

/// How long a step may take. One that changes a large table of an old server copies it.
pub(super) const STEP: Duration = Duration::from_secs(600);

/// A step.
pub(super) enum Step {
    /// A table, with what stands behind its columns.
    Table(Table, &'static str),
    /// A column of the predecessor's users that an early version lacked.
    Addition(Addition),
    /// A column that a table of ours got later.
    Column(Column),
    /// An index that a table of ours got later.
    Index(Index),
    /// The row of a turn.
    Turn(Turn),
}

/// All steps.
pub(super) fn all() -> impl Iterator<Item = Step> {
    let theirs = PREDECESSOR.into_iter().map(|table| Step::Table(table, THEIRS));
    let additions = ADDITIONS.into_iter().map(Step::Addition);
    let ours = OWN.iter().map(|table| Step::Table(*table, OURS));
    let turns = Turn::ALL.into_iter().map(Step::Turn);
    let columns = LATER.into_iter().map(Step::Column);
    let indexes = LATER_INDEXES.into_iter().map(Step::Index);
    theirs.chain(additions).chain(ours).chain(turns).chain(columns).chain(indexes)
}

impl Step {
    /// Its name, under which it is marked as done.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Table(table, _) => step_of_table(table.name),
            Self::Addition(addition) => step_of_addition(addition.column),
            Self::Column(column) => format!("column {}.{}", column.table, column.name),
            Self::Index(index) => format!("index {}.{}", index.table, index.name),
            Self::Turn(turn) => format!("turn {}", turn.name()),
        }
    }

    /// Does what is not done yet.
    pub(super) async fn run(&self, connection: &mut Guarded) -> Result<(), Failure> {
        match self {
            Self::Table(table, end) => {
                let make = format!("CREATE TABLE IF NOT EXISTS {} ({}) {end}", table.name, table.columns);
                connection.change_schema(make, STEP).await
            }
            Self::Addition(addition) => add(connection, addition).await,
            Self::Column(column) => add_column(connection, column.table, column.name, column.definition).await,
            Self::Index(index) => add_index(connection, index).await,
            Self::Turn(turn) => {
                let row = sql("INSERT INTO turns (name, taken) VALUES (?, 0)").bind(turn.name());
                match connection.execute(&row).await {
                    Err(failure) if !failure.is_double() => Err(failure),
                    _ => Ok(()),
                }
            }
        }
    }
}

async fn add(connection: &mut Guarded, addition: &Addition) -> Result<(), Failure> {
    let Addition { column, definition, fill } = addition;
    add_column(connection, "Users", column, definition).await?;
    let fill = format!("UPDATE Users SET {column} = {fill} WHERE {column} IS NULL");
    connection.change_schema(fill, STEP).await
}

/// Adds a column where it is not there yet.
async fn add_column(connection: &mut Guarded, table: &str, column: &str, definition: &str) -> Result<(), Failure> {
    let there = sql("SELECT 1 AS there FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND LOWER(table_name) = LOWER(?) AND LOWER(column_name) = LOWER(?)")
    .bind(table)
    .bind(column);
    if !connection.rows(&there).await?.is_empty() {
        return Ok(());
    }
    match connection.change_schema(format!("ALTER TABLE {table} ADD COLUMN {column} {definition}"), STEP).await {
        // Another program was faster.
        Err(failure) if failure.is_numbered(1060) => Ok(()),
        added => added,
    }
}

/// Adds an index where it is not there yet.
async fn add_index(connection: &mut Guarded, index: &Index) -> Result<(), Failure> {
    let Index { table, name, definition } = index;
    let there = sql("SELECT 1 AS there FROM information_schema.statistics WHERE table_schema = DATABASE() \
         AND LOWER(table_name) = LOWER(?) AND LOWER(index_name) = LOWER(?)");
    if !connection.rows(&there.bind(*table).bind(*name)).await?.is_empty() {
        return Ok(());
    }
    match connection.change_schema(format!("ALTER TABLE {table} ADD {definition}"), STEP).await {
        // Another program was faster.
        Err(failure) if failure.is_numbered(1061) => Ok(()),
        added => added,
    }
}
