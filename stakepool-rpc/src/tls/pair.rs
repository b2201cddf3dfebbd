//! A certificate with its private key.

use std::fmt;
use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::error::TlsError;
use super::pem;
use super::provider::provider;

/// A certificate (with those of its issuers, if any) and the private key that belongs to it: who a server is, or who
/// a client is towards a server that asks for certificates.
pub struct KeyPair {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

impl Clone for KeyPair {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl KeyPair {
    /// A pair from PEM texts (or DER, or UTF-16, or with what editors add). The key may be PKCS #8, PKCS #1, or SEC1 as the
    /// predecessor writes it (`EC PRIVATE KEY`, P-521).
    ///
    /// # Errors
    /// [`TlsError`] where a text cannot be read, or where the key belongs to another certificate.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let pair = Self { chain: pem::certificates(certificate)?, key: pem::private_key(key)? };
        CertifiedKey::from_der(pair.chain.clone(), pair.key.clone_key(), &provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
            other => TlsError::BadKey(other.to_string()),
        })?;
        Ok(pair)
    }

    /// A pair from two PEM files.
    ///
    /// # Errors
    /// As [`KeyPair::from_pem`], with the file named; [`TlsError::Read`] where a file cannot be read.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let (certificate_text, key_text) = (read(certificate)?, read(key)?);
        warn_if_others_can_read(key);
        Self::from_pem(&certificate_text, &key_text).map_err(|source| {
            let path = match source {
                TlsError::NoCertificate
                | TlsError::BadCertificate { .. }
                | TlsError::WrongContent { wanted: "a certificate", .. } => certificate,
                _ => key,
            };
            TlsError::InFile { path: path.to_owned(), source: Box::new(source) }
        })
    }

    pub(super) fn into_parts(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain, self.key)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), reason: error.to_string() })
}

#[cfg(unix)]
fn warn_if_others_can_read(key: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(key).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %key.display(), "other users can read this private key; run chmod 600 on it");
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_key: &Path) {}
