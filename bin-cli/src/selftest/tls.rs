//! TLS as a browser does it, except that a wrong certificate is noted and the look at the rest goes on.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::error::CliError;

/// What was found wrong with a certificate, and what to do.
pub(super) type Wrong = (String, &'static str);

/// Judges a certificate as browsers do, and lets the connection begin all the same.
#[derive(Debug)]
struct Noting {
    judge: Arc<WebPkiServerVerifier>,
    wrong: Mutex<Option<Error>>,
}

/// Makes connections.
pub(super) struct Tls {
    pub(super) connector: TlsConnector,
    noting: Arc<Noting>,
}

impl Tls {
    /// Trusts whom browsers trust, and the authorities of a PEM file.
    pub(super) fn new(more_authorities: Option<&[u8]>) -> Result<Self, CliError> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for authority in more_authorities.into_iter().flat_map(CertificateDer::pem_slice_iter) {
            let authority = authority.map_err(|error| CliError::argument("--ca", error))?;
            roots.add(authority).map_err(|error| CliError::argument("--ca", error))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let judge = judge.map_err(|error| CliError::argument("--ca", error))?;
        let noting = Arc::new(Noting { judge, wrong: Mutex::default() });
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| CliError::argument("--ca", error))?;
        let verifier = Arc::clone(&noting) as Arc<dyn ServerCertVerifier>;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), noting })
    }

    /// What was wrong with a certificate that was shown.
    pub(super) fn wrong(&self) -> Option<Wrong> {
        let wrong = self.noting.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.as_ref().map(explained)
    }
}

fn explained(error: &Error) -> Wrong {
    let Error::InvalidCertificate(wrong) = error else {
        return (format!("the certificate cannot be used ({error})"), "look at the proxy's certificate and key");
    };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "the certificate has ended".to_owned(),
            "renew it, and have the proxy read it again after each renewal (certbot's --deploy-hook)",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the certificate is not valid yet".to_owned(), "correct the clock of this computer, or of who made it")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "the certificate is for another name".to_owned(),
            "have one made for this name; with several sites on one proxy, look which one it answers for this name",
        ),
        CertificateError::UnknownIssuer => (
            "nobody whom browsers trust vouches for the certificate".to_owned(),
            "give the proxy the whole chain (fullchain.pem, not cert.pem), of an authority that browsers know",
        ),
        other => (format!("the certificate is refused by browsers ({other:?})"), "have a new one made"),
    }
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if let Err(error) = judged {
            self.wrong.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
