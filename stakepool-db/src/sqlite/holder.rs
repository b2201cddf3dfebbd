//! Which process has a database file open.
//!
//! In WAL mode every connection keeps a shared lock on the file for as long as it is open, which the system tells others
//! about. The locks are a process's, not a connection's, and end where that process closes any descriptor of the file: a
//! file that is open in this process must not be opened past SQLite.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Flock, FlockType, fcntl_getlk};

use super::connect::FileId;

/// Bytes of the header of a database that we look at.
pub(crate) const HEADER: usize = 100;

/// How a database is open in this process.
struct Opened {
    /// How often.
    count: usize,
    /// For looking at the file past SQLite. Closed only when nothing else has it open here, since that ends all locks.
    file: Option<File>,
}

/// The databases that are open in this process.
static OPEN_HERE: Mutex<Option<HashMap<FileId, Opened>>> = Mutex::new(None);

/// A database that is open in this process, until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenHere(FileId);

impl OpenHere {
    /// Notes that the file at `path`, which is `file`, is about to be opened.
    pub(crate) fn note(path: &Path, file: FileId) -> Self {
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = open.get_or_insert_default().entry(file);
        opened.or_insert_with(|| Opened { count: 0, file: File::open(path).ok() }).count += 1;
        Self(file)
    }

    /// The first bytes of a database that is open here, as they are on the disk; `None` where it cannot be looked at.
    pub(crate) fn header(file: FileId) -> Option<io::Result<[u8; HEADER]>> {
        let open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        let file = open.as_ref()?.get(&file)?.file.as_ref()?;
        let mut bytes = [0; HEADER];
        Some(file.read_exact_at(&mut bytes, 0).map(|()| bytes))
    }

    fn is(file: FileId) -> bool {
        let open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().is_some_and(|open| open.contains_key(&file))
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = open.as_mut() else { return };
        if let Some(opened) = open.get_mut(&self.0) {
            opened.count -= 1;
            if opened.count == 0 {
                open.remove(&self.0);
            }
        }
    }
}

/// A process that has a database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// This one.
    Ourselves,
    /// Another one, with its number where the system knows it.
    Process(Option<i32>),
}

impl Holder {
    /// Who has the database at a path open; `None` where nobody has, or there is no file.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        if OpenHere::is(FileId::of(&metadata)) {
            return Ok(Some(Self::Ourselves));
        }
        let lock = fcntl_getlk(File::open(path)?, &Flock::from(FlockType::WriteLock))?;
        Ok(lock.map(|lock| Self::Process(lock.pid.map(|pid| pid.as_raw_nonzero().get()))))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pid = match self {
            Self::Ourselves => return f.write_str("this program"),
            Self::Process(None) => return f.write_str("another program"),
            Self::Process(Some(pid)) => pid,
        };
        // What another user's process is called may not be ours to see.
        match fs::read_to_string(format!("/proc/{pid}/comm")) {
            Ok(name) => write!(f, "{} (process {pid})", name.trim().escape_default()),
            Err(_) => write!(f, "process {pid}"),
        }
    }
}
