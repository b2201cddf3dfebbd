//! Copies of the database while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use super::connect::FileId;
use super::failure::{Kind, backend};
use super::file::SqliteFile;
use super::fresh::{self, FreshFile};
use super::holder::Holder;
use super::{side_file, stale_log};
use crate::error::DbError;

/// What to do with a file that has the name of a backup already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing: refuse.
    Keep,
    /// Replace it where it is a backup and nothing else. A database that was in use is none, and neither is a link.
    Replace,
}

impl SqliteFile {
    /// Writes a copy of the database to `path`. The copy is whole and holds every transaction that was committed before;
    /// readers and writers go on. After an error everything is as it was.
    ///
    /// # Errors
    /// [`DbError::Backup`] also where something else than an earlier backup has the name, [`DbError::BackupExists`], or
    /// [`DbError::DiskFull`].
    pub(crate) async fn backup(&self, path: &Path, existing: Existing) -> Result<(), DbError> {
        let failed = |reason: String| DbError::Backup { path: path.to_owned(), reason };
        let target = BackupTarget::new(path, existing, self.own_names())?;
        // SQLite writes into an empty file, whose permissions are ours to set.
        let unfinished = target.begin()?;
        let name = unfinished.path().to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
        let sql = |error: sqlx::Error| match Kind::of(&error) {
            Kind::Full => DbError::DiskFull { path: path.to_owned() },
            _ => failed(backend(error).to_string()),
        };
        // A connection of its own: the writer would have to wait, and the readers may not write anywhere.
        let mut connection = self.connect.connect().await.map_err(sql)?;
        sqlx::query("VACUUM INTO ?").bind(name).execute(&mut connection).await.map_err(sql)?;
        connection.close().await.map_err(sql)?;
        target.finish(unfinished)
    }

    /// The file and those that SQLite has beside it.
    fn own_names(&self) -> Vec<PathBuf> {
        let beside = ["-wal", "-shm", "-journal"].map(|ending| side_file(&self.path, ending));
        std::iter::once(self.path.clone()).chain(beside).collect()
    }
}

/// Where a backup goes.
pub(crate) struct BackupTarget<'p> {
    path: &'p Path,
    existing: Existing,
    /// Files of the database that is copied.
    own: Vec<PathBuf>,
}

impl<'p> BackupTarget<'p> {
    /// A path, where a backup may have it.
    pub(crate) fn new(path: &'p Path, existing: Existing, own: Vec<PathBuf>) -> Result<Self, DbError> {
        let target = Self { path, existing, own };
        target.check()?;
        Ok(target)
    }

    /// An empty file beside the path, for what becomes the backup.
    pub(crate) fn begin(&self) -> Result<FreshFile, DbError> {
        fresh::file_beside(self.path, "unfinished").map_err(|error| self.failed(&error.to_string()))
    }

    /// Has a file that is whole take the path.
    pub(crate) fn finish(&self, file: FreshFile) -> Result<(), DbError> {
        let io = |error: io::Error| self.failed(&error.to_string());
        File::open(file.path()).and_then(|file| file.sync_all()).map_err(io)?;
        // Again: a backup of a large database takes a while.
        self.check()?;
        match self.existing {
            Existing::Keep => file.become_new(self.path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => DbError::BackupExists { path: self.path.to_owned() },
                _ => io(error),
            }),
            Existing::Replace => file.replace(self.path).map_err(io),
        }
    }

    fn failed(&self, reason: &str) -> DbError {
        DbError::Backup { path: self.path.to_owned(), reason: reason.to_owned() }
    }

    /// Whether a copy may have this name.
    fn check(&self) -> Result<(), DbError> {
        let path = self.path;
        if self.own.iter().any(|own| same_place(own, path)) {
            return Err(self.failed("it is the database itself, or SQLite's file beside it; name another file"));
        }
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.failed(&error.to_string())),
            Ok(found) => found,
        };
        // By whatever name: a link, or another spelling on a disk that does not distinguish them.
        let is_own = |name: &PathBuf| fs::metadata(name).is_ok_and(|own| FileId::of(&own) == FileId::of(&found));
        if self.own.iter().any(is_own) {
            return Err(self.failed("it is the database itself under another name; name another file"));
        }
        if !found.is_file() {
            return Err(
                self.failed("something is there that is no file, such as a link or a folder; name another file")
            );
        }
        if self.existing == Existing::Keep {
            return Err(DbError::BackupExists { path: path.to_owned() });
        }
        match Holder::of(path) {
            Ok(None) => {}
            Ok(Some(holder)) => {
                return Err(self.failed(&format!("{holder} has it open as a database; name another file")));
            }
            Err(error) => return Err(self.failed(&error.to_string())),
        }
        if !stale_log::is_unused_backup(path) {
            return Err(self.failed(
                "the file there is no backup of a pool, was used as a database, or is of a version before this one, and is kept: name another file",
            ));
        }
        Ok(())
    }
}

/// Whether two paths, neither of which must exist, name one file of one folder.
fn same_place(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let path = std::path::absolute(path).ok()?;
        let folder = path.parent()?;
        Some((fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()), path.file_name()?.to_owned()))
    };
    let (one, other) = (place(one), place(other));
    one.is_some() && one == other
}
