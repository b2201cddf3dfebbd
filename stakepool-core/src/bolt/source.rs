//! The bytes of a file, and the head that counts.

use super::head::Head;

/// The bytes of a file, and the head that counts.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a [u8],
    pub(super) head: Head,
}
