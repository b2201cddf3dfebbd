//! How an SQLite file is used.

use std::time::Duration;

/// How an SQLite file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long to wait for another process that holds the lock.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, busy_timeout: Duration::from_secs(10) }
    }
}
