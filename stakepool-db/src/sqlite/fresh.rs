//! Files that are written beside a place before they take it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::side_file;

/// How many names are tried. Leftovers of crashes have some.
const MOST_NAMES: u32 = 1000;

/// A file of ours that did not exist before, readable for its owner alone; removed where it takes no place.
#[derive(Debug)]
pub(crate) struct FreshFile {
    path: PathBuf,
    /// Whether it has taken its place.
    placed: bool,
}

/// Makes an empty file beside `place`, with its name and `ending`. No file is replaced and no link followed.
pub(crate) fn file_beside(place: &Path, ending: &str) -> io::Result<FreshFile> {
    for number in 1..=MOST_NAMES {
        let mut name = place.as_os_str().to_owned();
        name.push(format!(".{ending}-{number}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|_| FreshFile { path: name.into(), placed: false }),
        }
    }
    Err(io::Error::other(format!("{MOST_NAMES} leftovers lie beside it: remove those whose name has `.{ending}-`")))
}

impl FreshFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes a place where nothing is.
    pub(crate) fn become_new(mut self, place: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, place) {
            // The first name is removed when this is dropped.
            Ok(()) => return sync_folder_of(place),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // A file system without links.
            Err(_) if fs::symlink_metadata(place).is_ok() => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(&self.path, place)?,
        }
        self.placed = true;
        sync_folder_of(place)
    }

    /// Takes a place, whatever is there. A link is replaced itself, not what it leads to.
    pub(crate) fn replace(mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.placed = true;
        sync_folder_of(place)
    }
}

impl Drop for FreshFile {
    fn drop(&mut self) {
        if !self.placed {
            // They may be gone already, and SQLite's own files beside it may never have been.
            for ending in ["", "-wal", "-shm", "-journal"] {
                let _ = fs::remove_file(side_file(&self.path, ending));
            }
        }
    }
}

/// What happened to names in a folder outlasts a power cut only then.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
