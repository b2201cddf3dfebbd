//! Certificates named by their fingerprints.

use rustls::pki_types::CertificateDer;
use stakepool_core::chain::sha256;

use super::error::TlsError;
use super::pem;

/// The fingerprints of all certificates of a file, in its order: SHA-256, as `openssl x509 -noout -fingerprint -sha256` shows it.
///
/// # Errors
/// [`TlsError`] where the file holds no certificate or a damaged one.
pub fn certificate_fingerprints(file: &[u8]) -> Result<Vec<String>, TlsError> {
    Ok(pem::certificates(file)?.iter().map(of).collect())
}

/// The fingerprint of one certificate.
fn of(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = sha256(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_one_that_openssl_shows() {
        // `openssl req -x509 -newkey ed25519 …`, and what `openssl x509 -noout -fingerprint -sha256` said of it.
        let pem = include_bytes!("../../tests/fixtures/fingerprint.pem");
        let shown = include_str!("../../tests/fixtures/fingerprint.txt");
        assert_eq!(certificate_fingerprints(pem), Ok(vec![shown.trim().to_owned()]));
        assert_eq!(certificate_fingerprints(b"nothing"), Err(TlsError::NoCertificate));
    }
}
