//! Rows of every engine.

use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, MySql, Row as _, Sqlite, Type};

/// A row.
pub(crate) enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of MySQL or MariaDB.
    Mysql(MySqlRow),
}

/// What can be read of a row of any engine.
pub(crate) trait Cell<'r>: Type<Sqlite> + Decode<'r, Sqlite> + Type<MySql> + Decode<'r, MySql> {}

impl<'r, T: Type<Sqlite> + Decode<'r, Sqlite> + Type<MySql> + Decode<'r, MySql>> Cell<'r> for T {}

impl Row {
    /// The value of a column, by its name.
    pub(crate) fn get<'r, T: Cell<'r>>(&'r self, column: &str) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Mysql(row) => row.try_get(column),
        }
    }

    /// The value of the column at a place, of which the first is 0.
    pub(crate) fn at<'r, T: Cell<'r>>(&'r self, place: usize) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(place),
            Self::Mysql(row) => row.try_get(place),
        }
    }

    /// The number in the first column; `None` for NULL.
    pub(crate) fn first(&self) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(0),
            Self::Mysql(row) => row.try_get(0),
        }
    }
}
