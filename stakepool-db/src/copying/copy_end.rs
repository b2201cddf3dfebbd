//! Where a database is.

use std::path::PathBuf;

use stakepool_core::ports::DatabaseServer;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyEnd {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database on a server.
    Mysql(DatabaseServer),
}

impl CopyEnd {
    /// What it is called for people.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Mysql(server) => server.place_on(&server.hosts.join(",")),
        }
    }
}
