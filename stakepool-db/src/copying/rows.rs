//! The rows of a table, read one after the other.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

use super::copy_end::CopyEnd;
use super::fingerprint::Fingerprint;
use crate::copy_mark;
use crate::error::DbError;
use crate::layout::{Column, Kind, Layout};
use crate::mysql;
use crate::sql::{Failure, Row, Statement, Transaction, Value, sql};
use crate::sqlite;

/// Most rows of a piece, which is written in one transaction.
const PIECE: usize = 5000;
/// How many bytes make a piece whole, however few rows they are.
const PIECE_BYTES: usize = 4 << 20;
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
    place: &'s CopyEnd,
    /// What was read so far.
    pub(super) fingerprint: Fingerprint,
}

impl<'s> Rows<'s> {
    /// All rows in the order of the key, in which an interrupted copy goes on.
    pub(super) fn in_order(transaction: &'s mut Transaction, place: &'s CopyEnd, layout: &Layout) -> Self {
        let mut select = select(layout);
        select.push(" ORDER BY ");
        columns(&mut select, layout.key.iter().copied());
        Self::new(transaction, place, layout, &select)
    }

    /// What all rows come to, as they lie.
    pub(super) async fn sum(
        transaction: &'s mut Transaction,
        place: &'s CopyEnd,
        layout: &Layout,
    ) -> Result<Fingerprint, DbError> {
        let mut rows = Self::new(transaction, place, layout, &select(layout));
        while rows.next().await?.is_some() {}
        Ok(rows.fingerprint)
    }

    fn new(transaction: &'s mut Transaction, place: &'s CopyEnd, layout: &Layout, select: &Statement) -> Self {
        let stream = transaction.stream(select);
        Self { stream, layout: layout.clone(), place, fingerprint: Fingerprint::default() }
    }

    /// The next rows; none at the end.
    pub(super) async fn piece(&mut self) -> Result<Vec<Values>, DbError> {
        let (mut piece, mut bytes) = (Vec::new(), 0);
        while piece.len() < PIECE && bytes < PIECE_BYTES {
            let Some(row) = self.next().await? else { break };
            bytes += size(&row);
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

/// How many bytes the values of a row have.
pub(super) fn size(row: &[Value]) -> usize {
    row.iter().map(Value::size).sum()
}

fn values(row: &Row, layout: &Layout) -> Result<Values, sqlx::Error> {
    let value = |(place, column): (usize, &Column)| {
        let none = Value::Number(None);
        Ok(match column.kind {
            Kind::Number => Value::Number(row.at(place)?),
            Kind::Text => row.at::<Option<String>>(place)?.map_or(none, Value::Text),
            Kind::Bytes => row.at::<Option<Vec<u8>>>(place)?.map_or(none, Value::Bytes),
        })
    };
    layout.columns.iter().enumerate().map(value).collect()
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
    select
}

/// Names of columns, in marks that both engines take.
pub(super) fn columns(statement: &mut Statement, names: impl Iterator<Item = &'static str>) {
    for (number, name) in names.enumerate() {
        statement.push(if number == 0 { "`" } else { ", `" }).push(name).push("`");
    }
}

/// An error of a database in its own words.
pub(super) fn failed(place: &CopyEnd, failure: Failure) -> DbError {
    match (place, failure) {
        (CopyEnd::Sqlite(path), Failure::Sql(error)) => sqlite::open_error(path, &error),
        (CopyEnd::Sqlite(path), other) => {
            DbError::Failed { path: path.clone(), reason: sqlite::store_error(other).to_string() }
        }
        (CopyEnd::Mysql(_), failure) => DbError::Server { place: place.name(), reason: mysql::text_of(failure) },
    }
}
