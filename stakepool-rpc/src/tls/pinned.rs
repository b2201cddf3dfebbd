//! Configurations that accept exactly the pinned certificates.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use super::error::TlsError;
use super::pair::KeyPair;
use super::pem;
use super::provider::provider;
use super::refusal::Refusal;
use super::x509;

/// A client that accepts exactly the certificates in a PEM text (one or several), whatever names and dates they
/// hold. No ALPN protocol is set.
///
/// # Errors
/// [`TlsError`] where the text holds no certificate or a damaged one, or one whose key is weak or of an unknown kind.
pub fn pinned_client_config(pem: &[u8]) -> Result<ClientConfig, TlsError> {
    Ok(client_builder(pem)?.with_no_client_auth())
}

/// As [`pinned_client_config`], with a certificate of its own for servers that ask for one.
///
/// # Errors
/// As [`pinned_client_config`].
pub fn pinned_client_config_with_identity(pem: &[u8], identity: KeyPair) -> Result<ClientConfig, TlsError> {
    let (chain, key) = identity.into_parts();
    client_builder(pem)?.with_client_auth_cert(chain, key).map_err(|error| TlsError::Setup(error.to_string()))
}

/// A server that shows `pair`. Where `clients` gives certificates (PEM), a client that shows one must show one of
/// these; a client that shows none is let in, and it is the caller's part to ask what was shown.
/// No ALPN protocol is set.
///
/// # Errors
/// [`TlsError`] where `clients` holds no certificate or a damaged one.
pub fn server_config(pair: KeyPair, clients: Option<&[u8]>) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let builder = match clients {
        Some(pem) => builder.with_client_cert_verifier(Arc::new(Pinned::from_pem(pem)?)),
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = pair.into_parts();
    builder.with_single_cert(chain, key).map_err(|error| TlsError::Setup(error.to_string()))
}

fn client_builder(pem: &[u8]) -> Result<ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(Pinned::from_pem(pem)?)))
}

/// Accepts a peer that shows one of some certificates and proves that it has the key.
#[derive(Debug)]
struct Pinned {
    certificates: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        Ok(Self {
            certificates: pem::usable_certificates(pem)?,
            algorithms: provider().signature_verification_algorithms,
        })
    }

    fn knows(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        if self.certificates.iter().any(|pinned| pinned == shown) {
            return Ok(());
        }
        let is_issued = self.certificates.iter().any(|pinned| x509::is_issuer(pinned, shown));
        Err(if is_issued { Refusal::Issuer } else { Refusal::Another }.into())
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.knows(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Pinned {
    fn client_auth_mandatory(&self) -> bool {
        // Programs of the predecessor cannot show a certificate; whether they may come in is decided call by call.
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.knows(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
