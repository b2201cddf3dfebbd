//! The cryptography.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::p521::SECP521R1;

/// Passed explicitly wherever it is needed, so that nothing here touches the process's default.
pub(super) fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // Last, so that it is used only with those who have nothing else: programs of 2018 behind OpenSSL, which offer TLS 1.2
    // with the curve of their certificate alone.
    provider.kx_groups.push(&SECP521R1);
    Arc::new(provider)
}
