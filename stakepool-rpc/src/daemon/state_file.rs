//! The daemon's state on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use stakepool_core::ports::{StateFile, StateFileError};

use super::owner::make_folder;

/// A file that is replaced as a whole: written beside, synced, renamed.
#[derive(Debug)]
pub struct DiskStateFile {
    path: PathBuf,
}

impl DiskStateFile {
    /// The file `stakepoold.state` in the data directory.
    pub fn in_directory(datadir: &Path) -> Self {
        Self { path: datadir.join("stakepoold.state") }
    }

    fn error(&self, what: &'static str, error: &io::Error) -> StateFileError {
        StateFileError { path: self.path.display().to_string(), what, reason: error.to_string() }
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        replace(&self.path, bytes)
    }
}

/// Replaces a file as a whole. It is then readable for its owner alone, also where the old one was not; a link in its place
/// is replaced itself, not what it leads to.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    make_folder(directory)?;
    let beside = beside(path);
    // A leftover of a crash goes first: its permissions would stay, and a link would be followed to where it leads.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one that counts; half a file would take the space that a disk lacks.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The rename itself must outlast a power cut, too.
    File::open(directory)?.sync_all()
}

/// Where a file is written before it takes its place: its name with `.new`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

impl StateFile for DiskStateFile {
    fn load(&self) -> Result<Option<Vec<u8>>, StateFileError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error("read", &error)),
        }
    }

    fn save(&self, bytes: &[u8]) -> Result<(), StateFileError> {
        self.replace(bytes).map_err(|error| self.error("written", &error))
    }

    fn set_aside(&self) -> Result<String, StateFileError> {
        let names = (1..).map(|n| self.path.with_extension(format!("state.unreadable-{n}")));
        let aside = names
            .take(1000)
            .find(|name| fs::symlink_metadata(name).is_err())
            .unwrap_or(self.path.with_extension("state.unreadable"));
        fs::rename(&self.path, &aside).map_err(|error| self.error("set aside", &error))?;
        Ok(aside.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_a_bad_file_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let file = DiskStateFile::in_directory(&folder.path().join("simnet"));
        assert_eq!(file.load(), Ok(None));
        file.save(b"first").unwrap();
        file.save(b"second").unwrap();
        assert_eq!(file.load(), Ok(Some(b"second".to_vec())));
        let aside = file.set_aside().unwrap();
        assert_eq!(file.load(), Ok(None));
        assert_eq!(fs::read(aside).unwrap(), b"second");
    }

    #[test]
    fn nothing_is_written_through_what_lies_in_the_way() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (data, victim) = (folder.path().join("simnet"), folder.path().join("victim"));
        let file = DiskStateFile::in_directory(&data);
        file.save(b"first").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&data.join("stakepoold.state"))), (0o700, 0o600));
        fs::write(&victim, "precious").unwrap();
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).unwrap();
        for name in ["stakepoold.state.new", "stakepoold.state"] {
            let _ = fs::remove_file(data.join(name));
            symlink(&victim, data.join(name)).unwrap();
            file.save(b"second").unwrap();
            assert_eq!(file.load(), Ok(Some(b"second".to_vec())));
            assert_eq!(
                fs::symlink_metadata(data.join("stakepoold.state")).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let error = DiskStateFile::in_directory(&blocked).save(b"x").unwrap_err();
        assert!(error.to_string().contains("stakepoold.state cannot be written"), "{error}");
    }
}
