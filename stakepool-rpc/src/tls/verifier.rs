//! Whose certificate is taken is a policy's part; that the peer has the certificate's key is looked at here, for every policy.

use std::fmt;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::error::TlsError;

/// What a server shows.
#[derive(Debug)]
pub struct Shown<'a> {
    /// Its certificate.
    pub certificate: &'a CertificateDer<'a>,
    /// Those that it shows beside.
    pub intermediates: &'a [CertificateDer<'a>],
    /// The name by which it was called.
    pub name: &'a ServerName<'a>,
    /// What it says of whether its certificate was revoked; empty where it says nothing.
    pub ocsp_response: &'a [u8],
    /// The time.
    pub now: UnixTime,
}

/// Which certificates of servers are taken.
pub trait ServerPolicy: fmt::Debug + Send + Sync + 'static {
    /// Takes what a server shows, or says why not.
    ///
    /// # Errors
    /// Why the connection ends.
    fn judge_server(&self, shown: &Shown<'_>) -> Result<(), Error>;
}

/// Which certificates of clients are taken.
pub(super) trait ClientPolicy: fmt::Debug + Send + Sync + 'static {
    fn judge_client(&self, certificate: &CertificateDer<'_>) -> Result<(), Error>;
}

/// A client that takes the certificates which a policy takes, of servers that prove to have their keys. No ALPN protocol is set.
///
/// # Errors
/// [`TlsError::Setup`] where the provider lacks what TLS 1.2 or 1.3 needs.
pub fn client_builder<P: ServerPolicy>(
    provider: Arc<CryptoProvider>,
    policy: Arc<P>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let verifier = Arc::new(Verifier::new(&provider, policy));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

#[derive(Debug)]
pub(super) struct Verifier<P> {
    policy: Arc<P>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl<P> Verifier<P> {
    pub(super) fn new(provider: &CryptoProvider, policy: Arc<P>) -> Self {
        Self { policy, algorithms: provider.signature_verification_algorithms }
    }
}

/// The methods that look whether a peer has the key: both traits want the same ones.
macro_rules! proof_of_key {
    () => {
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
    };
}

impl<P: ServerPolicy> ServerCertVerifier for Verifier<P> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown { certificate, intermediates, name, ocsp_response, now };
        self.policy.judge_server(&shown).map(|()| ServerCertVerified::assertion())
    }

    proof_of_key!();
}

impl<P: ClientPolicy> ClientCertVerifier for Verifier<P> {
    fn client_auth_mandatory(&self) -> bool {
        // Programs of the predecessor cannot show a certificate; whether they may come in is decided call by call.
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.policy.judge_client(certificate).map(|()| ClientCertVerified::assertion())
    }

    proof_of_key!();
}
