//! How an SQLite file is used.

use std::time::Duration;

/// How an SQLite file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long to wait for another process that holds the lock.
    pub busy_timeout: Duration,
    /// The largest file, in bytes, that is looked through before it is used. A larger one is looked through meanwhile; where it is
    /// found damaged, it fails from then on.
    pub looked_through_first: u64,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, busy_timeout: Duration::from_secs(10), looked_through_first: 128 << 20 }
    }
}
