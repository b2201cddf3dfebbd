//! The state of a database that works.

/// The state of a database that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseHealth {
    /// The number of its schema.
    pub schema: i64,
    /// The size of the data in bytes.
    pub size: u64,
    /// The size of the log of writes that are not yet in the file of SQLite, in bytes; 0 on a server.
    pub log_size: u64,
}
