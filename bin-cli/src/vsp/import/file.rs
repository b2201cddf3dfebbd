//! The database of vspd, as a file. It is only ever read.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use zeroize::Zeroizing;

use crate::error::CliError;

/// All bytes of the file, which hold keys.
///
/// # Errors
/// Where it cannot be read, and where vspd has it open: it would be half of one change and half of another.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let refused = |reason: String| CliError::refused("FILE", format!("{}: {reason}", path.display()));
    let file = File::open(path).map_err(|error| refused(error.to_string()))?;
    // The lock that bbolt takes for as long as it has a file open.
    if flock(&file, FlockOperation::NonBlockingLockShared).is_err() {
        return Err(refused(
            "vspd has it open: stop vspd, or name the copy of it whose name ends in -backup".to_owned(),
        ));
    }
    let bytes = fs::read(path).map_err(|error| refused(error.to_string()))?;
    Ok(Zeroizing::new(bytes))
}
