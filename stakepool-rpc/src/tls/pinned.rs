//! Configurations that accept exactly the pinned certificates.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ConfigBuilder, Error, ServerConfig};

use super::error::TlsError;
use super::pair::KeyPair;
use super::pem;
use super::provider::provider;
use super::refusal::Refusal;
use super::verifier::{ClientPolicy, ServerPolicy, Shown, Verifier, client_builder};
use super::x509;

/// A client that accepts exactly the certificates in a PEM text (one or several), whatever names and dates they
/// hold. No ALPN protocol is set.
///
/// # Errors
/// [`TlsError`] where the text holds no certificate or a damaged one, or one whose key is weak or of an unknown kind.
pub fn pinned_client_config(pem: &[u8]) -> Result<ClientConfig, TlsError> {
    Ok(pinning_builder(pem)?.with_no_client_auth())
}

/// As [`pinned_client_config`], with a certificate of its own for servers that ask for one.
///
/// # Errors
/// As [`pinned_client_config`].
pub fn pinned_client_config_with_identity(pem: &[u8], identity: KeyPair) -> Result<ClientConfig, TlsError> {
    let (chain, key) = identity.into_parts();
    pinning_builder(pem)?.with_client_auth_cert(chain, key).map_err(|error| TlsError::Setup(error.to_string()))
}

/// A server that shows `pair`. Where `clients` gives certificates (PEM), a client that shows one must show one of
/// these; a client that shows none is let in, and it is the caller's part to ask what was shown.
/// No ALPN protocol is set.
///
/// # Errors
/// [`TlsError`] where `clients` holds no certificate or a damaged one.
pub fn server_config(pair: KeyPair, clients: Option<&[u8]>) -> Result<ServerConfig, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let builder = match clients {
        Some(pem) => {
            let pinned = Arc::new(Pinned::from_pem(pem)?);
            builder.with_client_cert_verifier(Arc::new(Verifier::new(&provider, pinned)))
        }
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = pair.into_parts();
    builder.with_single_cert(chain, key).map_err(|error| TlsError::Setup(error.to_string()))
}

fn pinning_builder(pem: &[u8]) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    client_builder(provider(), Arc::new(Pinned::from_pem(pem)?))
}

/// Takes a peer that shows one of some certificates.
#[derive(Debug)]
struct Pinned {
    certificates: Vec<CertificateDer<'static>>,
}

impl Pinned {
    fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        Ok(Self { certificates: pem::usable_certificates(pem)? })
    }

    fn knows(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        if self.certificates.iter().any(|pinned| pinned == shown) {
            return Ok(());
        }
        let is_issued = self.certificates.iter().any(|pinned| x509::is_issuer(pinned, shown));
        Err(if is_issued { Refusal::Issuer } else { Refusal::Another }.into())
    }
}

impl ServerPolicy for Pinned {
    fn judge_server(&self, shown: &Shown<'_>) -> Result<(), Error> {
        self.knows(shown.certificate)
    }
}

impl ClientPolicy for Pinned {
    fn judge_client(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        self.knows(certificate)
    }
}
