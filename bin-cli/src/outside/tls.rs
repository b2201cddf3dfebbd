//! TLS as a browser does it, except that a wrong certificate is noted and the look at the rest goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, Error, RootCertStore};
use stakepool_rpc::tls::{ServerPolicy, Shown, certificates_pem, client_builder};
use tokio_rustls::TlsConnector;

use crate::error::CliError;

/// What was found wrong with a certificate, and what to do.
pub(crate) type Wrong = (String, &'static str);

/// Judges a certificate as browsers do, and lets the connection begin all the same, unless it is to be strict.
#[derive(Debug)]
struct Noting {
    judge: Arc<WebPkiServerVerifier>,
    /// The first wrong one.
    wrong: Mutex<Option<Error>>,
    is_strict: AtomicBool,
}

/// Makes connections.
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    noting: Arc<Noting>,
}

impl Tls {
    /// Trusts whom browsers trust, and the authorities of a PEM file.
    pub(crate) fn new(more_authorities: Option<&[u8]>) -> Result<Self, CliError> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // Read as all certificates are, so that a file without one is an error.
        let more = more_authorities.map(certificates_pem).transpose();
        let more = more.map_err(|error| CliError::argument("--ca", error))?.unwrap_or_default();
        for authority in CertificateDer::pem_slice_iter(more.as_bytes()) {
            let authority = authority.map_err(|error| CliError::argument("--ca", error))?;
            roots.add(authority).map_err(|error| CliError::argument("--ca", error))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let judge = judge.map_err(|error| CliError::argument("--ca", error))?;
        let noting = Arc::new(Noting { judge, wrong: Mutex::default(), is_strict: AtomicBool::default() });
        let builder = client_builder(provider, Arc::clone(&noting));
        let builder = builder.map_err(|error| CliError::argument("--ca", error))?;
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is taken up again shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), noting })
    }

    /// From now on a wrong certificate ends the connection, before anything is sent on it.
    pub(crate) fn insist(&self) {
        self.noting.is_strict.store(true, Ordering::SeqCst);
    }

    /// What was wrong with the first wrong certificate that was shown on any connection.
    pub(crate) fn wrong(&self) -> Option<Wrong> {
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

impl ServerPolicy for Noting {
    fn judge_server(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let Shown { certificate, intermediates, name, ocsp_response, now } = *shown;
        let judged = self.judge.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        let Err(error) = judged else { return Ok(()) };
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        if self.is_strict.load(Ordering::SeqCst) { Err(error) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_authorities_without_a_certificate_is_an_error() {
        for file in [&b""[..], b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = Tls::new(Some(file)).err().unwrap().to_string();
            assert!(error.starts_with("--ca: "), "{error}");
        }
    }
}
