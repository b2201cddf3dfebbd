//! TLS with pinned certificates.
//!
//! Every program of a pool makes a self-signed certificate that is a certificate authority at once (`CA:TRUE`); its
//! peers get a copy of the file. The usual rules of the web's certificates do not fit: they refuse an authority as
//! an end entity. So a peer is accepted exactly where it shows one of the pinned certificates, byte for byte, and
//! proves that it has the key. Names and dates in it do not matter then: whoever replaces the certificate must
//! distribute it anyway, and a pool must not stop voting because ten years are over.
//!
//! Keys may be P-521 (programs of 2018, and those upgraded from them), P-256 or Ed25519; the cryptography comes from
//! aws-lc-rs, since ring has no P-521. The provider is passed explicitly: nothing here touches the process's default.

mod expiry;
mod make;
mod pair;
mod pem;
mod pinned;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use expiry::certificate_end;
pub use make::ensure_server_pair;
pub use pair::KeyPair;
pub use pinned::{pinned_client_config, pinned_client_config_with_identity, server_config};

/// Why a connection cannot be secured with the files given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
