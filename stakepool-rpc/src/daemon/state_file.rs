//! The daemon's state on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use stakepool_core::ports::{StateFile, StateFileError};

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
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let beside = self.path.with_extension("state.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // The rename itself must outlast a power cut, too.
        File::open(directory)?.sync_all()
    }
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
        let aside =
            names.take(1000).find(|name| !name.exists()).unwrap_or(self.path.with_extension("state.unreadable"));
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
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let error = DiskStateFile::in_directory(&blocked).save(b"x").unwrap_err();
        assert!(error.to_string().contains("stakepoold.state cannot be written"), "{error}");
    }
}
