//! The tests that every store must pass, on SQLite, and what only SQLite itself can be asked.
#![allow(clippy::unwrap_used)]

mod sqlite;

mod stores {
    use crate::sqlite::SqliteFixture;

    stakepool_core::store_tests!(SqliteFixture);
}
