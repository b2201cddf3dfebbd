//! The stores on an SQLite file.
//!
//! Writes go through one connection and begin with `BEGIN IMMEDIATE`, so that what a transaction reads holds until it
//! commits, also against other processes; reads go through others and never wait for a write (WAL). Statements are fixed
//! texts with bound values; where a statement depends on a query's shape, it is put together from fixed pieces.

mod access;
mod admin;
mod adopt;
mod audit;
mod backup;
mod connect;
mod database;
mod failure;
mod files;
mod fresh;
mod health;
mod history;
mod holder;
mod invitations;
mod leases;
mod ledger;
mod low_fee;
mod mail_failures;
mod options;
mod rescans;
mod restore;
mod room;
mod row;
mod schema;
mod second_factor;
mod sessions;
mod since;
mod stale_log;
mod ticket_mails;
mod tokens;
mod tries;
mod unverified;
mod upkeep;
mod users;

use std::path::{Path, PathBuf};

pub use self::backup::Existing;
pub use self::database::Database;
pub use self::health::Health;
pub use self::options::SqliteOptions;
pub use self::restore::{Restorable, SetAside};
pub use self::since::{AuditLine, LostUser, Since};

/// One of SQLite's own files beside a database: `-wal`, `-shm` or `-journal`.
fn side_file(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
