//! What SQLite's errors mean.

use std::path::Path;

use rustix::fs::{Access, StatVfsMountFlags};
use stakepool_core::ports::StoreError;

use super::room::is_full;
use crate::error::DbError;
use crate::sql::{Failure, within};

/// The kinds of failure that an operator can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Busy,
    ReadOnly,
    Io,
    Damaged,
    Full,
    CannotOpen,
    NotADatabase,
    Other,
}

impl Kind {
    /// By the primary result code (<https://www.sqlite.org/rescode.html>).
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let sqlx::Error::Database(error) = error else { return Self::Other };
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
        match code & 0xff {
            5 | 6 => Self::Busy,
            8 => Self::ReadOnly,
            10 => Self::Io,
            11 => Self::Damaged,
            13 => Self::Full,
            14 => Self::CannotOpen,
            26 => Self::NotADatabase,
            _ => Self::Other,
        }
    }

    const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Busy => Some("another program holds its lock; stop that program"),
            Self::ReadOnly => Some("its file or folder is not writable for the pool's user"),
            Self::Io => Some("its disk cannot be read or written; look at the system's log"),
            Self::Damaged | Self::NotADatabase => Some("its file is damaged; restore a backup"),
            Self::Full => Some("no space is left on its disk"),
            Self::CannotOpen => Some("its file cannot be opened; look at the permissions of the file and its folder"),
            Self::Other => None,
        }
    }
}

/// A failure while a store is used.
pub(crate) fn backend(error: sqlx::Error) -> StoreError {
    StoreError::Backend(match (Kind::of(&error).remedy(), &error) {
        (Some(remedy), error) => format!("{remedy} ({error})"),
        (None, sqlx::Error::PoolTimedOut) => {
            "it did not get to this request within 30 seconds; its disk is too slow or a program holds its lock".into()
        }
        (None, sqlx::Error::PoolClosed) => "it is closed, since the program is stopping".into(),
        (None, error) => error.to_string(),
    })
}

/// What a failure means for those who use a store.
pub(crate) fn store_error(failure: Failure) -> StoreError {
    match failure {
        Failure::Store(error) => error,
        Failure::Sql(error) => backend(error),
        Failure::Away(reason) => StoreError::Backend(reason),
        Failure::Contended => StoreError::Backend("others write the same at the same time; try again".to_owned()),
        Failure::Silent(limit) => StoreError::Backend(format!("it did not answer {}", within(limit))),
    }
}

/// What stands behind an error of SQLite that says little.
#[derive(Debug, PartialEq, Eq)]
enum Obstacle {
    Full,
    ReadOnly,
    /// What the system says.
    Folder(String),
}

impl Obstacle {
    /// What keeps a file in the folder of `path` from being written, if anything can be seen.
    fn of(path: &Path) -> Option<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let of_disk = rustix::fs::statvfs(folder).ok().and_then(|disk| Self::of_disk(disk.f_flag, disk.f_bavail));
        of_disk.or_else(|| {
            let access = rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK);
            access.err().map(|error| Self::Folder(std::io::Error::from(error).to_string()))
        })
    }

    fn of_disk(flags: StatVfsMountFlags, free_blocks: u64) -> Option<Self> {
        match (flags.contains(StatVfsMountFlags::RDONLY), free_blocks) {
            (true, _) => Some(Self::ReadOnly),
            (false, 0) => Some(Self::Full),
            _ => None,
        }
    }
}

/// A failure while a database is opened.
pub(crate) fn open_error(path: &Path, error: &sqlx::Error) -> DbError {
    let kind = Kind::of(error);
    let obstacle = matches!(kind, Kind::ReadOnly | Kind::CannotOpen | Kind::Io).then(|| Obstacle::of(path)).flatten();
    let path = path.to_owned();
    let reason = match &obstacle {
        Some(Obstacle::Full) => return DbError::DiskFull { path },
        Some(Obstacle::ReadOnly) => format!("its file system is read-only ({error})"),
        Some(Obstacle::Folder(reason)) => format!("its folder is not writable for this program: {reason} ({error})"),
        None => error.to_string(),
    };
    match kind {
        Kind::Busy => DbError::Busy { path },
        Kind::Io if obstacle.is_some() => DbError::File { path, reason },
        Kind::ReadOnly | Kind::CannotOpen => DbError::File { path, reason },
        Kind::Damaged => DbError::Damaged { path, reason },
        Kind::Full => DbError::DiskFull { path },
        Kind::NotADatabase => DbError::NotADatabase { path },
        // Where the files beside the database cannot grow, SQLite says only that the disk failed.
        Kind::Io if is_full(&path) => DbError::DiskFull { path },
        Kind::Io | Kind::Other => DbError::Failed { path, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Connection};

    #[test]
    fn a_disk_that_takes_nothing_is_named_instead_of_an_error_of_reading_and_writing() {
        assert_eq!(Obstacle::of_disk(StatVfsMountFlags::RDONLY, 0), Some(Obstacle::ReadOnly));
        assert_eq!(Obstacle::of_disk(StatVfsMountFlags::NOSUID, 0), Some(Obstacle::Full));
        assert_eq!(Obstacle::of_disk(StatVfsMountFlags::NOSUID, 1), None);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Obstacle::of(&folder.path().join("pool.sqlite")), None);
        let Some(Obstacle::Folder(reason)) = Obstacle::of(Path::new("/nowhere/pool.sqlite")) else { panic!() };
        assert!(reason.contains("No such file"), "{reason}");
    }

    #[tokio::test]
    async fn a_full_disk_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.sqlite");
        // SQLite answers the same code where the file may not grow and where the disk is full.
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = options.pragma("max_page_count", "2").connect().await.unwrap();
        sqlx::query("CREATE TABLE t (b BLOB)").execute(&mut connection).await.unwrap();
        let insert = sqlx::query("INSERT INTO t VALUES (zeroblob(100000))");
        let error = insert.execute(&mut connection).await.unwrap_err();
        connection.close().await.unwrap();
        assert_eq!(open_error(&path, &error), DbError::DiskFull { path: path.clone() });
        let StoreError::Backend(text) = backend(error) else { panic!("another error") };
        assert!(text.starts_with("no space is left on its disk"), "{text}");
    }
}
