//! The rows of a table, read one after the other.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

use super::fingerprint::Fingerprint;
use super::place::Place;
use crate::copy_mark;
use crate::error::DbError;
use crate::layout::{Column, Kind, Layout};
use crate::mysql;
use crate::sql::{Failure, Row, Statement, Transaction, Value, sql};
use crate::sqlite;

/// Most rows of a transaction.
pub(super) const PIECE: usize = 1000;
/// How long a copy may take.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long the next row may take.
const NEXT: Duration = Duration::from_secs(120);

/// A row's values, in the order of the columns.
pub(super) type Values = Vec<Value>;

/// The rows of a table, one after the other.
pub(super) struct Rows<'s> {
    stream: BoxStream<'s, Result<Row, Failure>>,
    layout: Layout,
    place: &'s Place,
    /// What was read so far.
    pub(super) fingerprint: Fingerprint,
}

impl<'s> Rows<'s> {
    pub(super) fn new(transaction: &'s mut Transaction, place: &'s Place, layout: &Layout) -> Self {
        let stream = transaction.stream(&select(layout));
        Self { stream, layout: layout.clone(), place, fingerprint: Fingerprint::default() }
    }

    /// The next rows; fewer than a piece only at the end.
    pub(super) async fn piece(&mut self) -> Result<Vec<Values>, DbError> {
        let mut piece = Vec::with_capacity(PIECE);
        while piece.len() < PIECE {
            let Some(row) = self.next().await? else { break };
            piece.push(row);
        }
        Ok(piece)
    }

    /// The next row; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Values>, DbError> {
        let next = timeout(NEXT, self.stream.next()).await.unwrap_or(Some(Err(Failure::Silent(NEXT))));
        let Some(row) = next else { return Ok(None) };
        let values = row.and_then(|row| Ok(values(&row, &self.layout)?));
        let values = values.map_err(|failure| match failed(self.place, failure) {
            DbError::Failed { path, reason } => {
                DbError::Failed { path, reason: format!("table {}: {reason}", self.layout.name) }
            }
            other => other,
        })?;
        self.fingerprint.add(&values);
        Ok(Some(values))
    }
}

fn values(row: &Row, layout: &Layout) -> Result<Values, sqlx::Error> {
    let value = |column: &Column| {
        let none = Value::Number(None);
        Ok(match column.kind {
            Kind::Number => Value::Number(row.get(column.name)?),
            Kind::Text => row.get::<Option<String>>(column.name)?.map_or(none, Value::Text),
            Kind::Bytes => row.get::<Option<Vec<u8>>>(column.name)?.map_or(none, Value::Bytes),
        })
    };
    layout.columns.iter().map(value).collect()
}

/// What is part of the table, and not of the copying.
fn restrict(statement: &mut Statement, layout: &Layout) {
    if layout.name == "notes" {
        statement.push(" WHERE name <> ").push_bind(copy_mark::NAME);
    }
}

pub(super) fn count(layout: &Layout) -> Statement {
    let mut count = sql("SELECT COUNT(*) FROM ");
    count.push(layout.name);
    restrict(&mut count, layout);
    count
}

fn select(layout: &Layout) -> Statement {
    let mut select = sql("SELECT ").once();
    columns(&mut select, layout.columns.iter().map(|column| column.name));
    select.push(" FROM ").push(layout.name);
    restrict(&mut select, layout);
    select.push(" ORDER BY ");
    columns(&mut select, layout.key.iter().copied());
    select
}

/// Names of columns, in marks that both engines take.
pub(super) fn columns(statement: &mut Statement, names: impl Iterator<Item = &'static str>) {
    for (number, name) in names.enumerate() {
        statement.push(if number == 0 { "`" } else { ", `" }).push(name).push("`");
    }
}

/// An error of a database in its own words.
pub(super) fn failed(place: &Place, failure: Failure) -> DbError {
    match (place, failure) {
        (Place::Sqlite(path), Failure::Sql(error)) => sqlite::open_error(path, &error),
        (Place::Sqlite(path), other) => {
            DbError::Failed { path: path.clone(), reason: sqlite::store_error(other).to_string() }
        }
        (Place::Mysql(_), failure) => DbError::Server { place: place.name(), reason: mysql::text_of(failure) },
    }
}
