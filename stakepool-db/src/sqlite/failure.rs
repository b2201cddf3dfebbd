//! What SQLite's errors mean.

use std::path::Path;

use stakepool_core::ports::StoreError;

use crate::error::DbError;

/// The kinds of failure that an operator can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
    pub(super) fn of(error: &sqlx::Error) -> Self {
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
pub(super) fn backend(error: sqlx::Error) -> StoreError {
    StoreError::Backend(match (Kind::of(&error).remedy(), &error) {
        (Some(remedy), error) => format!("{remedy} ({error})"),
        (None, sqlx::Error::PoolTimedOut) => {
            "it did not get to this request within 30 seconds; its disk is too slow or a program holds its lock".into()
        }
        (None, sqlx::Error::PoolClosed) => "it is closed, since the program is stopping".into(),
        (None, error) => error.to_string(),
    })
}

/// A failure while a database is opened.
pub(super) fn open_error(path: &Path, error: &sqlx::Error) -> DbError {
    let path = path.to_owned();
    let reason = error.to_string();
    match Kind::of(error) {
        Kind::Busy => DbError::Busy { path },
        Kind::ReadOnly | Kind::CannotOpen => DbError::File { path, reason },
        Kind::Damaged => DbError::Damaged { path, reason },
        Kind::Full => DbError::DiskFull { path },
        Kind::NotADatabase => DbError::NotADatabase { path },
        Kind::Io | Kind::Other => DbError::Failed { path, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Connection};

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
