//! Whether the files that are open are still the database's.
//!
//! Whoever removes, replaces or overwrites them under a running program does harm that shows nowhere else: the program goes
//! on with what it has open, and what it writes is lost, or damages the file that was put there.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::Access;

use super::connect::FileId;
use super::holder::{HEADER, OpenHere};
use super::{side_file, stale_log};

/// After how long it is looked again where something is wrong: the files of a connection that is just being closed or made
/// are not yet, or no longer, all there.
const AGAIN: Duration = Duration::from_millis(100);

/// What happened to the files of a database that is in use, with the remedy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Meddling {
    #[error(
        "its file {} was removed while it is in use, and what is written now is lost: put the file back, or stop all programs \
         that use it, restore a backup with `stakepoolctl restore FILE`, and start them again", .0.display()
    )]
    Removed(PathBuf),
    #[error(
        "another file was put in the place of {} while it is in use, and what is written now is lost: restart the program to \
         use the new file, or put the old one back", .0.display()
    )]
    Replaced(PathBuf),
    #[error(
        "its file {} was overwritten with an older state or with something else while it is in use, and is damaged now: stop \
         all programs that use it, restore a backup with `stakepoolctl restore FILE`, and start them again", .0.display()
    )]
    Overwritten(PathBuf),
    #[error(
        "the file {} was removed or replaced while it is in use, and another program would now damage the database: start no \
         other program that uses it, and restart this one, which saves what it has", .0.display()
    )]
    SideFile(PathBuf),
    #[error("{} is not writable any more for the pool's user ({error}): give the right to write back", path.display())]
    NotWritable { path: PathBuf, error: io::Error },
    #[error("{} cannot be looked at ({error}): let the pool's user read its folder", path.display())]
    Hidden { path: PathBuf, error: io::Error },
}

/// After how many looks in a row a file is overwritten for good. One alone may have seen what was just being written.
const SURE: u8 = 2;

/// What was seen of the first page of a file.
#[derive(Debug, Default)]
struct Seen {
    /// The highest number of a transaction. It only grows.
    number: Option<i32>,
    /// How many looks in a row found another beginning.
    wrong: u8,
    /// Whether the file was found overwritten. That stays: what this program writes may hide it.
    is_overwritten: bool,
}

/// The files of a database that is open in this process.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    file: FileId,
    seen: Mutex<Seen>,
}

impl Files {
    /// The files of the database at `path`, which is `file`.
    pub(crate) fn of(path: &Path, file: FileId) -> Self {
        Self { path: path.to_owned(), file, seen: Mutex::default() }
    }

    /// Whether the files at their paths are those that are open, as they were written here. Blocks for a moment.
    ///
    /// # Errors
    /// [`Meddling`].
    pub(crate) fn check(&self) -> Result<(), Meddling> {
        self.look().or_else(|_| {
            thread::sleep(AGAIN);
            self.look()
        })
    }

    fn look(&self) -> Result<(), Meddling> {
        let path = || self.path.clone();
        match fs::metadata(&self.path) {
            Ok(found) if FileId::of(&found) == self.file => {}
            Ok(_) => return Err(Meddling::Replaced(path())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(Meddling::Removed(path()));
            }
            Err(error) => return Err(Meddling::Hidden { path: path(), error }),
        }
        let is_overwritten = self.is_overwritten().map_err(|error| Meddling::Hidden { path: path(), error })?;
        if is_overwritten {
            return Err(Meddling::Overwritten(path()));
        }
        if let Some(missing) = missing_side_file(&self.path) {
            return Err(Meddling::SideFile(missing));
        }
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        writable(&self.path, Access::READ_OK | Access::WRITE_OK)?;
        writable(folder, Access::WRITE_OK | Access::EXEC_OK)
    }

    /// Whether the first page of the file is none that was written after those before. A disk that fails to read it says
    /// nothing about that.
    fn is_overwritten(&self) -> io::Result<bool> {
        let Some(header) = OpenHere::header(self.file) else { return Ok(false) };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_overwritten_by(header)
    }
}

impl Seen {
    /// Takes the first bytes of the file.
    fn is_overwritten_by(&mut self, header: io::Result<[u8; HEADER]>) -> io::Result<bool> {
        let number = match header {
            Ok(header) => stale_log::number_in_use(&header),
            // The file is too short for them.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        let is_older = |number: i32| self.number.is_some_and(|seen| number.wrapping_sub(seen) < 0);
        match number {
            Some(number) if !is_older(number) => (self.number, self.wrong) = (Some(number), 0),
            _ => self.wrong = self.wrong.saturating_add(1),
        }
        self.is_overwritten |= self.wrong >= SURE;
        Ok(self.is_overwritten || self.wrong > 0)
    }
}

fn writable(path: &Path, access: Access) -> Result<(), Meddling> {
    rustix::fs::access(path, access)
        .map_err(|error| Meddling::NotWritable { path: path.to_owned(), error: error.into() })
}

/// The log of writes or its index, where the one at its path is not one that this process has open. Where the system does
/// not tell what is open, nothing is missing.
fn missing_side_file(path: &Path) -> Option<PathBuf> {
    let descriptors = fs::read_dir("/proc/self/fd").ok()?.flatten();
    let open: HashSet<_> =
        descriptors.filter_map(|entry| fs::metadata(entry.path()).ok()).map(|found| FileId::of(&found)).collect();
    // SQLite puts them beside the file that a link leads to.
    let path = fs::canonicalize(path).ok()?;
    let is_ours = |file: &PathBuf| fs::metadata(file).is_ok_and(|found| open.contains(&FileId::of(&found)));
    ["-wal", "-shm"].map(|ending| side_file(&path, ending)).into_iter().find(|file| !is_ours(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use crate::sqlite::{Existing, SqliteOptions};
    use stakepool_core::ports::UpkeepStore;
    use stakepool_core::time::UnixTime;
    use tempfile::TempDir;

    async fn in_use() -> (Database, PathBuf, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/pool.sqlite");
        let database = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
        database.try_write(UnixTime(1)).await.unwrap();
        database.check().await.unwrap();
        (database, path, folder)
    }

    async fn refusal(database: &Database) -> String {
        let error = database.check().await.unwrap_err().to_string();
        assert_eq!(database.try_write(UnixTime(2)).await.unwrap_err().to_string(), error);
        error
    }

    #[tokio::test]
    async fn a_file_that_was_removed_is_found_until_it_is_back() {
        let (database, path, folder) = in_use().await;
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let error = refusal(&database).await;
        assert!(error.contains("was removed") && error.contains("stakepoolctl restore"), "{error}");
        fs::rename(&aside, &path).unwrap();
        database.check().await.unwrap();
        fs::rename(path.parent().unwrap(), folder.path().join("elsewhere")).unwrap();
        assert!(refusal(&database).await.contains("was removed"));
    }

    #[tokio::test]
    async fn another_file_in_its_place_is_found() {
        let (database, path, folder) = in_use().await;
        let copy = folder.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
        let error = refusal(&database).await;
        assert!(error.contains("another file was put in the place") && error.contains("restart"), "{error}");
    }

    #[tokio::test]
    async fn a_backup_that_was_copied_over_it_is_found_and_stays_found() {
        let (database, path, folder) = in_use().await;
        let backup = folder.path().join("backup");
        database.backup(&backup, Existing::Keep).await.unwrap();
        fs::write(&path, fs::read(&backup).unwrap()).unwrap();
        let error = refusal(&database).await;
        assert!(error.contains("was overwritten") && error.contains("stakepoolctl restore"), "{error}");
    }

    #[tokio::test]
    async fn an_older_state_that_was_copied_over_it_is_found_although_it_looks_the_same() {
        let (database, path, _folder) = in_use().await;
        checkpoint(&database).await;
        let older = fs::read(&path).unwrap();
        for at in 2..5 {
            database.try_write(UnixTime(at)).await.unwrap();
        }
        checkpoint(&database).await;
        database.check().await.unwrap();
        fs::write(&path, &older).unwrap();
        assert!(refusal(&database).await.contains("was overwritten"));
        fs::write(&path, "").unwrap();
        assert!(refusal(&database).await.contains("was overwritten"));
    }

    /// Has SQLite write the log into the file, as it does by itself now and then.
    async fn checkpoint(database: &Database) {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(database.file().unwrap().writer()).await.unwrap();
    }

    #[test]
    fn a_read_that_fails_and_a_single_wrong_look_do_not_make_a_file_overwritten_for_good() {
        let mut seen = Seen::default();
        let header = |number: i32| {
            let mut bytes = [0; HEADER];
            bytes[..16].copy_from_slice(b"SQLite format 3\0");
            bytes[18..20].copy_from_slice(&[2, 2]);
            bytes[60..64].copy_from_slice(&number.to_be_bytes());
            Ok(bytes)
        };
        assert!(!seen.is_overwritten_by(header(5)).unwrap());
        for _ in 0..3 {
            assert!(seen.is_overwritten_by(Err(io::Error::other("Input/output error"))).is_err());
        }
        assert!(!seen.is_overwritten_by(header(6)).unwrap());
        assert!(seen.is_overwritten_by(header(4)).unwrap());
        assert!(!seen.is_overwritten_by(header(7)).unwrap());
        for header in [header(4), Err(io::ErrorKind::UnexpectedEof.into()), header(8)] {
            assert!(seen.is_overwritten_by(header).unwrap(), "after two wrong looks in a row it stays");
        }
    }

    #[tokio::test]
    async fn a_log_or_index_that_was_removed_or_replaced_is_found() {
        for ending in ["-wal", "-shm"] {
            let (database, path, folder) = in_use().await;
            let file = side_file(&path, ending);
            fs::rename(&file, folder.path().join("aside")).unwrap();
            let error = refusal(&database).await;
            assert!(error.contains(ending) && error.contains("start no other program"), "{error}");
            fs::write(&file, "").unwrap();
            assert!(refusal(&database).await.contains(ending));
        }
    }

    #[test]
    fn a_file_or_folder_that_may_not_be_written_any_more_is_named() {
        let error = writable(Path::new("/proc/version"), Access::WRITE_OK);
        // The user of a test may write everything that can be written.
        let shown =
            Meddling::NotWritable { path: "/data/pool.sqlite".into(), error: io::ErrorKind::PermissionDenied.into() };
        assert!(shown.to_string().starts_with("/data/pool.sqlite is not writable any more"), "{error:?}");
        assert!(writable(Path::new("/nowhere"), Access::WRITE_OK).is_err());
    }

    #[tokio::test]
    async fn databases_that_are_used_by_several_at_once_are_well() {
        let (database, path, _folder) = in_use().await;
        let other = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
        other.try_write(UnixTime(5)).await.unwrap();
        database.check().await.unwrap();
        other.close().await;
        database.check().await.unwrap();
        database.try_write(UnixTime(6)).await.unwrap();
    }
}
