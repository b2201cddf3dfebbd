//! Reading rows; what cannot be read is named by table, row and column.

use std::fmt::Display;
use std::str::FromStr;

use stakepool_core::ports::StoreError;

use super::row::{Cell, Row};

/// A number of rows as engines take it.
pub(crate) fn limit(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A row of a table.
pub(crate) struct Fields<'r> {
    row: &'r Row,
    table: &'static str,
    id: String,
}

impl<'r> Fields<'r> {
    /// A row with what identifies it for people.
    pub(crate) fn new(row: &'r Row, table: &'static str, id: impl Display) -> Self {
        Self { row, table, id: id.to_string() }
    }

    /// The error for a value that makes no sense.
    pub(crate) fn corrupt(&self, column: &str, reason: impl Display) -> StoreError {
        StoreError::Corrupt {
            what: format!("value (table {}, row {}, column {column})", self.table, self.id),
            reason: reason.to_string(),
        }
    }

    fn get<T>(&self, column: &str) -> Result<Option<T>, StoreError>
    where
        Option<T>: Cell<'r>,
    {
        self.row.get(column).map_err(|error| self.corrupt(column, error))
    }

    /// A text; NULL, which the predecessor's columns allow, is empty.
    pub(crate) fn text(&self, column: &str) -> Result<&'r str, StoreError> {
        Ok(self.get(column)?.unwrap_or_default())
    }

    /// Bytes; NULL is empty.
    pub(crate) fn bytes(&self, column: &str) -> Result<&'r [u8], StoreError> {
        Ok(self.get(column)?.unwrap_or_default())
    }

    /// A number in the range of its type; NULL is 0.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        let value = self.get::<i64>(column)?.unwrap_or_default();
        T::try_from(value).map_err(|_| self.corrupt(column, format_args!("{value} is out of range")))
    }

    /// A number that may be missing.
    pub(crate) fn optional<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        if self.get::<i64>(column)?.is_some() { self.number(column).map(Some) } else { Ok(None) }
    }

    /// A switch: 0 is off.
    pub(crate) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.number::<i64>(column)? != 0)
    }

    /// A text that says something of a type.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|error| self.corrupt(column, error))
    }

    /// A name out of a set.
    pub(crate) fn named<T>(&self, column: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let name = self.text(column)?;
        from_name(name).ok_or_else(|| self.corrupt(column, format_args!("`{name}` is not known")))
    }
}
