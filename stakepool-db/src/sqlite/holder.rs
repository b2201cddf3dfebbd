//! Which process has a database file open.
//!
//! In WAL mode every connection keeps a shared lock on the file for as long as it is open, which the system tells others
//! about. The locks are a process's, not a connection's, and end where that process closes any descriptor of the file: a
//! file that is open in this process must not be opened past SQLite.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Flock, FlockType, fcntl_getlk};

use super::connect::FileId;

/// The databases that are open in this process, and how often.
static OPEN_HERE: Mutex<Option<HashMap<FileId, usize>>> = Mutex::new(None);

/// A database that is open in this process, until it is dropped.
#[derive(Debug)]
pub(super) struct OpenHere(FileId);

impl OpenHere {
    pub(super) fn note(file: FileId) -> Self {
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        *open.get_or_insert_default().entry(file).or_default() += 1;
        Self(file)
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
        if let Some(count) = open.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.0);
            }
        }
    }
}

/// A process that has a database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// This one.
    Ourselves,
    /// Another one, with its number where the system knows it.
    Process(Option<i32>),
}

impl Holder {
    /// Who has the database at a path open; `None` where nobody has, or there is no file.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
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
