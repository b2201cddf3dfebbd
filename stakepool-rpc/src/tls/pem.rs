//! Certificates and keys out of PEM text.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;

use super::error::TlsError;

/// All certificates of a PEM text, at least one, each checked to be readable.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut certificates = Vec::new();
    for (number, item) in (1..).zip(CertificateDer::pem_slice_iter(text)) {
        let damaged = |reason: String| TlsError::BadCertificate { number, reason };
        let certificate = item.map_err(|error| damaged(error.to_string()))?;
        ParsedCertificate::try_from(&certificate).map_err(|error| damaged(error.to_string()))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(TlsError::NoCertificate) } else { Ok(certificates) }
}

/// The first private key of a PEM text: PKCS #8, PKCS #1 or SEC1 (`EC PRIVATE KEY`).
pub(super) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey,
        other => TlsError::BadKey(other.to_string()),
    })
}
