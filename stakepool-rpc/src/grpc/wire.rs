//! What both sides of a connection agree on.

/// The largest message that is taken, in bytes: as much as the predecessor's programs take. Ours send what may be larger
/// in pieces below a megabyte.
pub(super) const MAX_MESSAGE: usize = 4 << 20;
/// The largest status, in bytes: lists within it are counted only after they were read.
#[cfg(feature = "grpc-client")]
pub(super) const MAX_STATUS: usize = 256 << 10;
/// Most added tickets of a desired state.
pub(super) const MOST_ADDED: usize = 100_000;
/// Most tickets with keys of a desired state: more than the whole network has tickets.
pub(super) const MOST_KEY_TICKETS: usize = 100_000;
/// Most events of a batch: more than the whole network has tickets.
pub(super) const MOST_EVENTS: usize = 50_000;
/// Most bytes of the other side's words that are repeated, in a log, an answer or a page.
pub(super) const LONGEST_WORDS: usize = 400;
/// The protocol that TLS must agree on.
pub(super) const ALPN_HTTP2: &[u8] = b"h2";
