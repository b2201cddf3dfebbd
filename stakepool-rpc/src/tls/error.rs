//! What can be wrong with certificates and keys.

use std::path::PathBuf;

/// Why a connection cannot be secured with the files given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text holds no certificate.
    #[error("no certificate found: a PEM file with `-----BEGIN CERTIFICATE-----` is expected")]
    NoCertificate,
    /// A certificate cannot be read.
    #[error("certificate number {number} in the file is damaged ({reason}); copy the file again")]
    BadCertificate {
        /// Its place in the file, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// A file holds something else.
    #[error("the file holds {found}, not {wanted}; copy the right file there")]
    WrongContent {
        /// What should be in it.
        wanted: &'static str,
        /// What is in it.
        found: String,
    },
    /// The key of a certificate cannot be used.
    #[error(
        "the key of the certificate cannot be used: {0}; have its program make a new certificate with a key of P-256 (P-384, \
         P-521, Ed25519 and RSA with 2048 bits or more will do, too)"
    )]
    UnusableKey(String),
    /// The text holds no private key.
    #[error("no private key found: a PEM file with `PRIVATE KEY` or `EC PRIVATE KEY` is expected")]
    NoKey,
    /// The key cannot be used.
    #[error("the private key cannot be used ({0}); P-256, P-384, P-521, Ed25519 and RSA keys are supported")]
    BadKey(String),
    /// Certificate and key are not of one pair.
    #[error("the private key does not belong to the certificate; restore the file that goes with the other")]
    Mismatch,
    /// Only one file of a pair is there.
    #[error(
        "{} is missing, but {} is there; restore the missing file, or remove the other to have a new pair made",
        missing.display(),
        present.display()
    )]
    HalfPair {
        /// The file that is missing.
        missing: PathBuf,
        /// The file that is there.
        present: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file's content cannot be used.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<TlsError>,
    },
    /// A new certificate cannot be made.
    #[error("cannot make a certificate for {names}: {reason}")]
    Generate {
        /// The names it should have had.
        names: String,
        /// Why.
        reason: String,
    },
    /// The TLS library refuses the configuration.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}
