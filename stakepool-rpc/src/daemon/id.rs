//! A daemon's lasting name for itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::state_file::replace;

/// Why a daemon's name cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {error}; check datadir and its permissions", path.display())]
pub struct IdError {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

/// Reads the name from the file `daemon.id` in a folder; makes file and folder at the first start. The pool knows the
/// daemon by this name, whatever its address: give it to [`LocalDaemon::id`](stakepool_core::voting::LocalDaemon::id).
///
/// # Errors
/// [`IdError`] where the file can be neither read nor made.
pub fn lasting_id(folder: &Path) -> Result<String, IdError> {
    let path = folder.join("daemon.id");
    let failed = |error: io::Error| IdError { path: path.clone(), error };
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let id = hex::encode(rand::random::<[u8; 8]>());
    replace(&path, format!("{id}\n").as_bytes()).map_err(failed)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_first_start_lasts() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("simnet");
        let id = lasting_id(&data).unwrap();
        assert_eq!(id.len(), 16);
        assert_eq!(lasting_id(&data).unwrap(), id);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let error = lasting_id(&blocked).unwrap_err().to_string();
        assert!(error.contains("daemon.id cannot be used"), "{error}");
    }
}
