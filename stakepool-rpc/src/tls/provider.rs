//! The cryptography.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// Passed explicitly wherever it is needed, so that nothing here touches the process's default.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
