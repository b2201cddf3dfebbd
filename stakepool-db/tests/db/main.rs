//! The tests that every store must pass, on SQLite and MariaDB, and what only one of them can be asked.
#![allow(clippy::unwrap_used)]

mod copying;
mod copying_in_use;
mod inspecting;
mod mysql;
mod returning;
mod sqlite;

mod stores {
    use crate::sqlite::SqliteFixture;

    stakepool_core::store_tests!(SqliteFixture);
}

mod stores_on_a_server {
    use crate::mysql::MariaDbFixture;

    stakepool_core::store_tests!(MariaDbFixture, ignore = "needs MariaDB");
}
