//! Why a peer's certificate is not taken.

use rustls::{CertificateError, Error, OtherError};

/// Why the certificate that a peer shows is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it shows another certificate than the one configured")]
    Another,
    #[error("the certificate configured is the CA's that issued the one it shows")]
    Issuer,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(std::sync::Arc::new(refusal))).into()
    }
}
