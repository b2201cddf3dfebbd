//! Why TLS with a peer failed, in an operator's words.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::refusal::Refusal;

/// Why a handshake failed; `None` where the failure is none of TLS. `copy` says what to do where another certificate
/// must be configured.
pub(crate) fn why_tls_failed(error: &io::Error, copy: &str) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => match other.0.downcast_ref::<Refusal>() {
            Some(Refusal::Issuer) => format!("{}: it is the server's own that is needed; {copy}", Refusal::Issuer),
            _ => format!("{}; {copy}", Refusal::Another),
        },
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "it shows the certificate configured, but proves not to have its key: something else answers there"
                .to_owned()
        }
        Error::InvalidCertificate(_) => format!("its certificate cannot be used; {copy}"),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS on this port: check the port, and that TLS is not switched off there".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            "it speaks neither TLS 1.2 nor 1.3: bring that program up to date".to_owned()
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "it and we have no way of TLS in common: its key must be P-256, P-384, P-521, Ed25519 or RSA (2048 bits or \
             more), and its key exchange one of these curves or X25519"
                .to_owned()
        }
        Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied
            | AlertDescription::UnknownCA,
        ) => "it does not take the certificate that we show".to_owned(),
        other => format!("TLS failed: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_words_of_its_own_and_no_bytes() {
        let mut seen = Vec::new();
        for error in [
            Refusal::Another.into(),
            Refusal::Issuer.into(),
            CertificateError::BadSignature.into(),
            InvalidMessage::InvalidContentType.into(),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::AlertReceived(AlertDescription::ProtocolVersion),
            Error::AlertReceived(AlertDescription::BadCertificate),
            Error::General("odd".into()),
        ] {
            let text = why_tls_failed(&io::Error::other(error), "copy it again").unwrap();
            assert!(!seen.contains(&text) && !text.contains("Error("), "{text}");
            seen.push(text);
        }
        assert_eq!(why_tls_failed(&io::ErrorKind::ConnectionRefused.into(), ""), None);
    }
}
