//! Files and folders that are the owner's alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::{RehearsalError, at};

/// Makes a folder where it is not there.
pub(crate) fn make(folder: &Path) -> Result<(), RehearsalError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))
}

/// Writes a file in the place of an earlier one.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), RehearsalError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(at(path))
}

/// Writes a secret, unless it is there already.
pub(crate) fn write_secret(path: &Path) -> Result<(), RehearsalError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => writeln!(file, "{}", hex::encode(rand::random::<[u8; 32]>())).map_err(at(path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}
