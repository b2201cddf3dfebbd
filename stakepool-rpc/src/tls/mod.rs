//! TLS with pinned certificates.
//!
//! Every program of a pool makes a self-signed certificate that is a certificate authority at once (`CA:TRUE`); its
//! peers get a copy of the file. The usual rules of the web's certificates do not fit: they refuse an authority as
//! an end entity. So a peer is accepted exactly where it shows one of the pinned certificates, byte for byte, and
//! proves that it has the key. Names and dates in it do not matter then: a new certificate must
//! be copied to the peers anyway, and a pool must not stop voting because ten years are over.
//!
//! Keys may be P-521 (programs of 2018, and those upgraded from them), P-256, P-384, Ed25519 or RSA of 2048 bits and more;
//! the cryptography comes from aws-lc-rs, since ring has no P-521. The provider is passed explicitly: nothing here touches
//! the process's default.

#[cfg(any(feature = "json", feature = "grpc-client"))]
mod any;
#[cfg(any(feature = "json", feature = "grpc-client"))]
mod connector;
mod error;
#[cfg(any(feature = "json", feature = "grpc"))]
mod failure;
mod fingerprint;
#[cfg(feature = "certificates")]
mod make;
mod p521;
mod pair;
mod pem;
mod pinned;
mod provider;
mod refusal;
mod validity;
mod verifier;
mod x509;

#[cfg(any(feature = "json", feature = "grpc-client"))]
pub(crate) use any::any_client_config;
#[cfg(any(feature = "json", feature = "grpc-client"))]
pub(crate) use connector::Connector;
pub use error::TlsError;
#[cfg(any(feature = "json", feature = "grpc"))]
pub(crate) use failure::why_tls_failed;
pub use fingerprint::certificate_fingerprints;
#[cfg(feature = "certificates")]
pub use make::{ensure_server_pair, existing_pair};
pub use pair::KeyPair;
pub use pem::certificates_pem;
pub use pinned::{pinned_client_config, pinned_client_config_with_identity, server_config};
pub use validity::{certificate_end, certificate_validity};
pub use verifier::{ServerPolicy, Shown, client_builder};
