//! One daemon a data directory.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a data directory cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerError {
    /// Another daemon has it.
    #[error(
        "the data directory {} belongs to another daemon that runs{}: stop that one, or give this one a datadir of its own",
        folder.display(), holder.map_or_else(String::new, |pid| format!(" (process {pid})"))
    )]
    Taken {
        /// The directory.
        folder: PathBuf,
        /// The process, where it has left its number.
        holder: Option<u32>,
    },
    /// The system refuses.
    #[error("the data directory {} cannot be used: {error}; check datadir and its permissions", folder.display())]
    Unusable {
        /// The directory.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// A data directory that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct DataDirOwner {
    _locked: File,
}

/// Takes a data directory for one daemon, and makes it where it is missing. Two daemons in one directory would write over
/// each other's state, and the pool's web would take them for one.
///
/// The lock is on the file `stakepoold.lock`, which has the process's number in it and stays.
///
/// # Errors
/// [`OwnerError`].
pub fn own_data_dir(folder: &Path) -> Result<DataDirOwner, OwnerError> {
    let unusable = |error| OwnerError::Unusable { folder: folder.to_owned(), error };
    make_folder(folder).map_err(unusable)?;
    let path = folder.join("stakepoold.lock");
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(unusable(io::Error::other(format!("{} is no file", path.display()))));
    }
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let mut file = options.map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            return Err(OwnerError::Taken { folder: folder.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            tracing::warn!(folder = %folder.display(), "its file system has no locks: let one daemon only use this datadir");
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    // Only for people: the lock holds without it.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(DataDirOwner { _locked: file })
}

/// Makes a folder, for this user alone, where it is missing.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_owner_is_refused_with_the_number_of_the_first_until_that_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("simnet");
        let first = own_data_dir(&data).unwrap();
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = own_data_dir(&data).unwrap_err().to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        assert!(refused.contains("datadir of its own"), "{refused}");
        drop(first);
        own_data_dir(&data).unwrap();
    }

    #[test]
    fn a_link_in_the_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join("stakepoold.lock")).unwrap();
        let refused = own_data_dir(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("is no file"), "{refused}");
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    }
}
