//! A certificate that the configuration names.

use std::path::PathBuf;

/// A certificate file, read and found to hold a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The file.
    pub path: PathBuf,
    /// Its content: PEM.
    pub pem: String,
}
