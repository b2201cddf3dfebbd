//! From when to when a certificate is valid.

use std::time::SystemTime;

use super::error::TlsError;
use super::{pem, x509};

/// The end of the first certificate of a PEM text. Those who pin the certificate do not look at it; the predecessor's
/// programs do.
///
/// # Errors
/// [`TlsError`] where the text holds no certificate, or one without a readable end.
pub fn certificate_end(text: &[u8]) -> Result<SystemTime, TlsError> {
    Ok(certificate_validity(text)?.1)
}

/// The beginning and the end of the first certificate of a PEM text.
///
/// # Errors
/// As [`certificate_end`].
pub fn certificate_validity(text: &[u8]) -> Result<(SystemTime, SystemTime), TlsError> {
    let certificates = pem::certificates(text)?;
    let validity = certificates.first().and_then(|certificate| x509::validity(certificate));
    validity.ok_or_else(|| TlsError::BadCertificate { number: 1, reason: "its validity cannot be read".to_owned() })
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "certificates")]
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[cfg(feature = "certificates")]
    #[test]
    fn a_certificate_that_was_just_made_ends_in_ten_years() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c"), folder.path().join("k"));
        let now = UNIX_EPOCH + Duration::from_secs(1_795_305_600);
        crate::tls::ensure_server_pair(&certificate, &key, &[], now).unwrap();
        let end = certificate_end(&std::fs::read(&certificate).unwrap()).unwrap();
        let years = end.duration_since(now).unwrap().as_secs_f64() / 86_400.0 / 365.25;
        assert!((9.9..10.1).contains(&years), "{years}");
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(certificate_end(b"nothing"), Err(TlsError::NoCertificate));
    }
}
