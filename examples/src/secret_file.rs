//! Secrets that a pool makes and keeps.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::pool_error::PoolStartError;

/// A secret that is made at the first start and kept in the pool's folder.
pub(crate) fn secret(folder: &Path, name: &str) -> Result<String, PoolStartError> {
    let path = folder.join(name);
    let failed = |error| PoolStartError::File { path: path.clone(), error };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(failed)?;
            let text = hex::encode(rand::random::<[u8; 32]>());
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
            file.write_all(text.as_bytes()).map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}
