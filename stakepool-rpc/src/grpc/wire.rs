//! What both sides of a connection agree on.

/// The largest message that either side of ours takes, in bytes. The predecessor's programs take 4 MiB.
pub(super) const MAX_MESSAGE: usize = 64 << 20;
/// The largest message that is taken from callers of whom nothing is known: as much as the predecessor's daemon took.
#[cfg(feature = "grpc-server")]
pub(super) const MAX_ANONYMOUS_MESSAGE: usize = 4 << 20;
/// The protocol that TLS must agree on.
pub(super) const ALPN_HTTP2: &[u8] = b"h2";
