//! Copies of the database while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sqlx::{ConnectOptions, Connection};

use super::connect::FileId;
use super::failure::{Kind, backend};
use super::file::SqliteFile;
use super::holder::Holder;
use super::{fresh, side_file, stale_log};
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
        let io = |error: io::Error| failed(error.to_string());
        self.check_target(path, existing)?;
        // SQLite writes into an empty file, whose permissions are ours to set.
        let unfinished = fresh::file_beside(path, "unfinished").map_err(io)?;
        let target = unfinished.path().to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
        let sql = |error: sqlx::Error| match Kind::of(&error) {
            Kind::Full => DbError::DiskFull { path: path.to_owned() },
            _ => failed(backend(error).to_string()),
        };
        // A connection of its own: the writer would have to wait, and the readers may not write anywhere.
        let mut connection = self.connect.connect().await.map_err(sql)?;
        sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await.map_err(sql)?;
        connection.close().await.map_err(sql)?;
        File::open(unfinished.path()).and_then(|file| file.sync_all()).map_err(io)?;
        // Again: a backup of a large database takes a while.
        self.check_target(path, existing)?;
        match existing {
            Existing::Keep => unfinished.become_new(path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => DbError::BackupExists { path: path.to_owned() },
                _ => io(error),
            }),
            Existing::Replace => unfinished.replace(path).map_err(io),
        }
    }

    /// Whether a copy may have this name.
    fn check_target(&self, path: &Path, existing: Existing) -> Result<(), DbError> {
        let failed = |reason: &str| DbError::Backup { path: path.to_owned(), reason: reason.to_owned() };
        if self.own_names().any(|own| same_place(&own, path)) {
            return Err(failed("it is the database itself, or SQLite's file beside it; name another file"));
        }
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&error.to_string())),
            Ok(found) => found,
        };
        // By whatever name: a link, or another spelling on a disk that does not distinguish them.
        let is_own = |name: &Path| fs::metadata(name).is_ok_and(|own| FileId::of(&own) == FileId::of(&found));
        if self.own_names().any(|name| is_own(&name)) {
            return Err(failed("it is the database itself under another name; name another file"));
        }
        if !found.is_file() {
            return Err(failed("something is there that is no file, such as a link or a folder; name another file"));
        }
        if existing == Existing::Keep {
            return Err(DbError::BackupExists { path: path.to_owned() });
        }
        match Holder::of(path) {
            Ok(None) => {}
            Ok(Some(holder)) => return Err(failed(&format!("{holder} has it open as a database; name another file"))),
            Err(error) => return Err(failed(&error.to_string())),
        }
        if !stale_log::is_unused_backup(path) {
            return Err(failed(
                "the file there is no backup of a pool, was used as a database, or is of a version before this one, and is kept: name another file",
            ));
        }
        Ok(())
    }

    /// The file and those that SQLite has beside it.
    fn own_names(&self) -> impl Iterator<Item = std::path::PathBuf> {
        let beside = ["-wal", "-shm", "-journal"].map(|ending| side_file(&self.path, ending));
        std::iter::once(self.path.clone()).chain(beside)
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
