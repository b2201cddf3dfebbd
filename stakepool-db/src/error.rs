//! Why a database cannot be opened or backed up.

use std::path::{Path, PathBuf};

/// Why a database cannot be opened or backed up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
    /// The log of writes beside the file is another file's.
    #[error(
        "the file {} beside the database {} belongs to another one: it was left behind when the database was replaced, \
         and would damage it. Stop all programs that use the database, move {} and {} (if it is there) to another \
         folder, and start again; `stakepoolctl restore` does this by itself", log.display(), path.display(),
        log.display(), index.display()
    )]
    StaleLog {
        /// The file.
        path: PathBuf,
        /// The log of writes: `-wal`.
        log: PathBuf,
        /// The log's index: `-shm`.
        index: PathBuf,
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
    /// A program has the file open, which must not be while it is replaced.
    #[error("{holder} has the database {} open; stop it first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// Which program.
        holder: String,
    },
    /// A backup cannot take the database's place.
    #[error("the backup {} cannot be restored: {reason}", path.display())]
    Restore {
        /// The backup.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The copy cannot be written.
    #[error("the backup {path} cannot be written: {reason}")]
    Backup {
        /// Where the copy should have gone.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// A file has the name of the copy.
    #[error("{} is there already and is kept: name another file", path.display())]
    BackupExists {
        /// The file.
        path: PathBuf,
    },
    /// The database is on a server, so that it is no file.
    #[error(
        "the database {place} is on a server, and this is for files of SQLite: `stakepoolctl backup` copies it into a file"
    )]
    OnServer {
        /// The database.
        place: String,
    },
    /// A file is not a pool's, or not of this version.
    #[error("the database {} cannot be used as it is: {reason}", path.display())]
    NotReady {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A copy was begun and not finished.
    #[error("the database {place} cannot be used: {}", crate::copy_mark::refusal(source_place))]
    UnfinishedCopy {
        /// The copy.
        place: String,
        /// Of which database.
        source_place: String,
    },
    /// The database that is to be copied is in use.
    #[error(
        "{holder}, and the copy of {place} would lack what is written meanwhile: stop that program (stakepool-web; voting daemons may \
         go on), or use --while-used for a copy of this moment"
    )]
    SourceInUse {
        /// The database.
        place: String,
        /// Who has it, in words.
        holder: String,
    },
    /// The database was written while it was copied.
    #[error(
        "{place} was written while it was copied, so that {to} lacks the latest and stays unfinished: stop stakepool-web and whatever \
         else writes to {place}, and copy again; where it then says that tables differ, into a new file or an empty database"
    )]
    SourceChanged {
        /// The source.
        place: String,
        /// The copy.
        to: String,
    },
    /// A database cannot be copied into another.
    #[error("nothing can be copied into {to}: {reason}")]
    Copy {
        /// The target.
        to: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A database on a server cannot be used.
    #[error("the database {place} cannot be used: {reason}")]
    Server {
        /// The database.
        place: String,
        /// What is wrong, and what to do.
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

impl DbError {
    /// The same error of another file: of the one of which the file that failed is a copy.
    pub(crate) fn of(mut self, original: &Path) -> Self {
        match &mut self {
            Self::Folder { path, .. }
            | Self::File { path, .. }
            | Self::NotADatabase { path }
            | Self::Damaged { path, .. }
            | Self::StaleLog { path, .. }
            | Self::Newer { path, .. }
            | Self::Foreign { path, .. }
            | Self::MissingColumn { path, .. }
            | Self::DiskFull { path }
            | Self::Busy { path }
            | Self::InUse { path, .. }
            | Self::Restore { path, .. }
            | Self::Backup { path, .. }
            | Self::BackupExists { path }
            | Self::NotReady { path, .. }
            | Self::Failed { path, .. } => original.clone_into(path),
            Self::OnServer { .. }
            | Self::Server { .. }
            | Self::UnfinishedCopy { .. }
            | Self::SourceInUse { .. }
            | Self::SourceChanged { .. }
            | Self::Copy { .. } => {}
        }
        self
    }
}
