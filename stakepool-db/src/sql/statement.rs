//! A statement with its values.

use std::borrow::Cow;

use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, MySql, Sqlite};

use super::dialect::Dialect;
use super::failure::Failure;
use super::row::Row;
use super::value::Value;

/// A statement with its values, for every engine. Its text is put together from fixed pieces; whatever comes from outside
/// is bound.
#[derive(Clone)]
pub(crate) struct Statement {
    text: Cow<'static, str>,
    values: Vec<Value>,
    is_kept: bool,
}

/// A statement, with `?` for each value.
pub(crate) const fn sql(text: &'static str) -> Statement {
    Statement { text: Cow::Borrowed(text), values: Vec::new(), is_kept: true }
}

/// The query of a statement with its values. A macro, since the queries of the two drivers are types of their own.
macro_rules! bound {
    ($statement:expr, $dialect:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($dialect.text($statement.text.clone())));
        for value in &$statement.values {
            query = match value {
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.clone()),
                Value::Bytes(bytes) => query.bind(bytes.clone()),
            };
        }
        query.persistent($statement.is_kept)
    }};
}

impl Statement {
    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The same, which is not kept prepared on its connection: each time it is another one.
    pub(crate) fn once(mut self) -> Self {
        self.is_kept = false;
        self
    }

    /// Adds a piece of text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a value.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    /// Adds values with commas between them.
    pub(crate) fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (number, value) in values.into_iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            self.push_bind(value);
        }
        self
    }

    /// The rows that it finds over a connection to a file.
    pub(crate) async fn sqlite_rows(&self, connection: &mut SqliteConnection) -> Result<Vec<Row>, Failure> {
        Ok(self.sqlite().fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) fn sqlite(&self) -> Query<'static, Sqlite, SqliteArguments> {
        bound!(self, Dialect::Sqlite)
    }

    pub(super) fn mysql(&self) -> Query<'static, MySql, MySqlArguments> {
        bound!(self, Dialect::Mysql)
    }
}
