//! Why a database cannot be opened or backed up.

use std::path::PathBuf;

/// Why a database cannot be opened or backed up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The folder of the file cannot be made.
    #[error("the folder {path} of the database cannot be made: {reason}; make it, owned by the pool's user")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file cannot be opened for reading and writing.
    #[error(
        "the database {path} cannot be opened: {reason}; it and its folder must be readable and writable for the \
         pool's user"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is something else.
    #[error("{path} is not an SQLite database; name another file, or restore this one from a backup")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "the database {path} is damaged: {reason}; stop all programs that use it, keep a copy of it and restore a \
         backup"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A later version of this program has changed the tables.
    #[error(
        "the database {path} has schema {found}, but this program knows schemas up to {known}: install the newer \
         version again, or restore the backup from before the upgrade"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The latest schema that is known.
        known: i64,
    },
    /// The history of the schema is not ours.
    #[error("the database {path} was made by a program of another history: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A table of the predecessor is too old.
    #[error(
        "the table {table} of the database {path} lacks the column {column}: start the last version of the \
         predecessor's web program once, which adds it, and convert its database again"
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// No space is left.
    #[error("no space is left for {path}; make room on its disk")]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds the lock.
    #[error("the database {path} is in use by another program that does not let go of it; stop that program")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("the backup {path} cannot be written: {reason}")]
    Backup {
        /// Where the copy should have gone.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// Anything else.
    #[error("the database {path} failed: {reason}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
}
