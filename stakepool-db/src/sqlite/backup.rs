//! Copies of the database while it is in use.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use super::Database;
use super::failure::{Kind, backend};
use crate::error::DbError;

impl Database {
    /// Writes a copy of the database to `path`, replacing a file there. The copy is whole and holds every transaction
    /// that was committed before; readers and writers go on. After an error the file at `path` is as it was.
    ///
    /// # Errors
    /// [`DbError::Backup`], or [`DbError::DiskFull`].
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), DbError> {
        let path = path.as_ref();
        let unfinished = unfinished(path);
        let result = self.write_copy(path, &unfinished).await;
        if result.is_err() {
            // It may not exist, and the first error is the one that counts.
            let _ = fs::remove_file(&unfinished);
        }
        result
    }

    async fn write_copy(&self, path: &Path, unfinished: &Path) -> Result<(), DbError> {
        let failed = |reason: String| DbError::Backup { path: path.to_owned(), reason };
        let io = |error: io::Error| failed(error.to_string());
        if std::path::absolute(path).map_err(io)? == self.inner.path {
            return Err(failed("it is the database itself; name another file".to_owned()));
        }
        let target = unfinished.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
        // SQLite writes into an empty file, whose permissions are ours to set. Leftovers of a crash go first: their
        // permissions would stay, and a link would be followed to where it leads.
        match fs::remove_file(unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished).map_err(io)?;
        let sql = |error: sqlx::Error| match Kind::of(&error) {
            Kind::Full => DbError::DiskFull { path: path.to_owned() },
            _ => failed(backend(error).to_string()),
        };
        // A connection of its own: the writer would have to wait, and the readers may not write anywhere.
        let mut connection = self.inner.connect.connect().await.map_err(sql)?;
        sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await.map_err(sql)?;
        connection.close().await.map_err(sql)?;
        File::open(unfinished).and_then(|file| file.sync_all()).map_err(io)?;
        fs::rename(unfinished, path).map_err(io)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

/// Where the copy is written before it takes its name. One at a time for each target.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}
