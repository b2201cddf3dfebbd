//! The bytes of a file, the head that counts, and how much may still be read.

use std::cell::Cell;

use super::error::BoltError;
use super::head::Head;

/// How often as much as the file holds may be read of it: buckets are looked through several times, but never one for each other.
const TIMES: u64 = 32;

/// The bytes of a file, the head that counts, and how much may still be read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a [u8],
    pub(super) head: Head,
    left: &'a Cell<u64>,
}

impl<'a> Source<'a> {
    /// How many bytes may be read of a file.
    pub(super) const fn allowance(file: &[u8]) -> Cell<u64> {
        Cell::new((file.len() as u64).saturating_mul(TIMES))
    }

    pub(super) const fn new(file: &'a [u8], head: Head, left: &'a Cell<u64>) -> Self {
        Self { file, head, left }
    }

    /// Counts a page that is read, with all that lies on it.
    pub(super) fn count(&self, page: u64, bytes: usize) -> Result<(), BoltError> {
        let left = self.left.get().checked_sub(bytes as u64);
        let left = left.ok_or(BoltError::Damaged { page, what: "many buckets lead to the same pages" })?;
        self.left.set(left);
        Ok(())
    }
}
