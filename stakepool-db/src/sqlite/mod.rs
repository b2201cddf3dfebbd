//! A file of SQLite: how it is opened, checked and copied.
//!
//! Writes go through one connection and begin with `BEGIN IMMEDIATE`, so that what a transaction reads holds until it
//! commits, also against other processes; reads go through others and never wait for a write (WAL).

mod backup;
mod connect;
mod failure;
mod file;
mod files;
mod fresh;
mod health;
mod holder;
mod indexes;
mod inspect;
mod look;
mod options;
mod ready;
mod room;
mod schema;
mod stale_log;
mod verify;

use std::path::{Path, PathBuf};

pub(crate) use self::backup::BackupTarget;
pub use self::backup::Existing;
pub(crate) use self::connect::{FileId, check};
pub(crate) use self::failure::{open_error, store_error};
pub(crate) use self::file::SqliteFile;
pub(crate) use self::fresh::{FreshFile, file_beside, sync_folder_of};
pub(crate) use self::holder::Holder;
pub(crate) use self::inspect::inspect;
pub use self::options::SqliteOptions;
pub(crate) use self::ready::{end_log, open_ready, refuse_in_use};
pub(crate) use self::room::is_full;
pub(crate) use self::stale_log::refuse as refuse_stale_log;
pub use self::verify::Verified;
pub(crate) use self::verify::verify;

/// One of SQLite's own files beside a database: `-wal`, `-shm` or `-journal`.
pub(crate) fn side_file(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
