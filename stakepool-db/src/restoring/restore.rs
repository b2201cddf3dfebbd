//! A backup takes the database's place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fcntl_lock};

use super::since::{self, Since};
use stakepool_core::ports::DatabaseServer;

use crate::copying::{Copied, CopyEnd, Meanwhile, Progress, copy_as};
use crate::database::Database;
use crate::error::DbError;
use crate::sqlite::{
    FileId, FreshFile, SqliteOptions, end_log, file_beside, refuse_in_use, refuse_stale_log, side_file, sync_folder_of,
};

/// A copy of a backup that was looked through and brought up to date, beside the place that it may take. The backup itself
/// is only read. Where the copy is dropped, it is removed.
#[derive(Debug)]
pub struct Restorable {
    backup: PathBuf,
    place: PathBuf,
    // The database first: its files go before the name does.
    database: Database,
    copy: FreshFile,
}

/// What lay at a place before a backup took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The files under their new names, the database itself first. None where there was no database.
    pub files: Vec<PathBuf>,
}

impl Restorable {
    /// Copies `backup` beside `place`, looks through all of it and brings its tables up to date. At `place` nothing
    /// changes.
    ///
    /// # Errors
    /// [`DbError::InUse`] where a program has the database at `place` or the backup open; [`DbError::Restore`] where the
    /// backup cannot be copied; where it cannot be used, as [`Database::open_sqlite`] with the backup's name.
    pub async fn check(backup: impl AsRef<Path>, place: impl AsRef<Path>) -> Result<Self, DbError> {
        let (backup, place) = (backup.as_ref().to_owned(), place.as_ref());
        let failed = |reason: &str| DbError::Restore { path: backup.clone(), reason: reason.to_owned() };
        let io = |error: io::Error| failed(&error.to_string());
        let place = std::path::absolute(place).map_err(io)?;
        refuse_in_use(&place)?;
        let found = fs::metadata(&backup).map_err(io)?;
        if !found.is_file() || found.len() == 0 {
            return Err(failed("it is no file, or an empty one"));
        }
        if fs::metadata(&place).is_ok_and(|old| FileId::of(&old) == FileId::of(&found)) {
            return Err(failed("it is the database itself"));
        }
        refuse_in_use(&backup)?;
        refuse_stale_log(&backup).await?;
        let copy = file_beside(&place, "restoring").map_err(io)?;
        fs::copy(&backup, copy.path()).map_err(io)?;
        fs::set_permissions(copy.path(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(io)?;
        copy_log(&backup, copy.path()).map_err(io)?;
        let opened = Database::open_sqlite(copy.path(), SqliteOptions { readers: 1, ..SqliteOptions::default() }).await;
        let database = opened.map_err(|error| error.of(&backup))?;
        if let Some(file) = database.file() {
            file.check_thoroughly().await.map_err(|error| error.of(&backup))?;
        }
        Ok(Self { backup, place, database, copy })
    }

    /// The copy. What is written into it is there afterwards.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// What the database at the place has and the backup has not; `None` where there is no database.
    ///
    /// # Errors
    /// [`DbError`] where the old database cannot be read.
    pub async fn since(&self) -> Result<Option<Since>, DbError> {
        if fs::symlink_metadata(&self.place).is_err() {
            return Ok(None);
        }
        let Some(copy) = self.database.file() else { return Ok(None) };
        since::compare(&self.place, copy).await.map(Some)
    }

    /// Keeps the numbers of users and key indexes that were given since the backup from being given again: their addresses
    /// may have live tickets.
    ///
    /// # Errors
    /// [`DbError`] where the old database cannot be read or the copy not written.
    pub async fn keep_numbers(&self) -> Result<(), DbError> {
        let Some(copy) = self.database.file() else { return Ok(()) };
        since::keep_numbers(&self.place, copy).await
    }

    /// Copies the backup into an empty database on a server, or goes on with that where it was cut off.
    ///
    /// # Errors
    /// As [`copy`](crate::copy).
    pub async fn copy_to(self, server: DatabaseServer, progress: &mut dyn FnMut(Progress)) -> Result<Copied, DbError> {
        self.database.close().await;
        let from = CopyEnd::Sqlite(self.copy.path().to_owned());
        // A file that nobody else knows of.
        let meanwhile = Meanwhile::LeftOut;
        copy_as(&from, &self.backup.display().to_string(), &CopyEnd::Mysql(server), meanwhile, progress).await
    }

    /// Removes the copy: nothing has changed.
    pub async fn discard(self) {
        self.database.close().await;
    }

    /// Sets the old files aside under the name of the database with `.before-restore-` and `stamp`, and puts the copy in
    /// their place.
    ///
    /// # Errors
    /// [`DbError::InUse`], or [`DbError::Restore`]. Then the old database is in its place, unless only the files beside it
    /// could not be set aside: then the backup is, and the next start names those files.
    pub async fn put_in_place(self, stamp: &str) -> Result<SetAside, DbError> {
        let Self { backup, place, database, copy } = self;
        let failed = |reason: String| DbError::Restore { path: backup.clone(), reason };
        let io = |error: io::Error| failed(error.to_string());
        database.close().await;
        drop(database);
        end_log(copy.path()).await.map_err(|error| error.of(&backup))?;

        refuse_in_use(&place)?;
        // Nobody opens the old file from here on.
        let old = match OpenOptions::new().read(true).write(true).open(&place) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(error)),
        };
        if let Some(old) = &old
            && fcntl_lock(old, FlockOperation::NonBlockingLockExclusive).is_err()
        {
            return Err(DbError::InUse { path: place, holder: "another program".to_owned() });
        }
        let mut files = Vec::new();
        if old.is_some() {
            let aside = side_file(&place, &format!(".before-restore-{stamp}"));
            // Both names for a moment, so that there is a database at each moment. On a file system without links the old
            // one has to go first.
            fs::hard_link(&place, &aside).or_else(|_| rename_new(&place, &aside)).map_err(io)?;
            files.push(aside);
        }
        if let Err(error) = copy.replace(&place) {
            // Where the old one had to be moved first, it comes back.
            if let Some(aside) = files.first().filter(|_| fs::symlink_metadata(&place).is_err()) {
                let _ = fs::rename(aside, &place);
            }
            return Err(io(error));
        }
        let aside = files.first().cloned().unwrap_or_else(|| side_file(&place, &format!(".before-restore-{stamp}")));
        for ending in ["-wal", "-shm", "-journal"] {
            let (from, to) = (side_file(&place, ending), side_file(&aside, ending));
            if fs::symlink_metadata(&from).is_ok() {
                rename_new(&from, &to).map_err(io)?;
                files.push(to);
            }
        }
        sync_folder_of(&place).map_err(io)?;
        Ok(SetAside { files })
    }
}

fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// A backup that was made by copying files has its last transactions in the log beside it.
fn copy_log(backup: &Path, copy: &Path) -> io::Result<()> {
    let mut log = match File::open(side_file(backup, "-wal")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(side_file(copy, "-wal"));
    io::copy(&mut log, &mut target?).map(drop)
}
