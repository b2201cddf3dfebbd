//! The daemon's lasting name for itself.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::RunError;

/// Reads the name from the data directory; makes one at the first start.
pub(crate) fn load_or_make(datadir: &Path) -> Result<String, RunError> {
    let path = datadir.join("daemon.id");
    let failed = |error: io::Error| RunError::DataDir { path: path.display().to_string(), reason: error.to_string() };
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    fs::create_dir_all(datadir).map_err(failed)?;
    let id = hex::encode(rand::random::<[u8; 8]>());
    fs::write(&path, format!("{id}\n")).map_err(failed)?;
    Ok(id)
}
