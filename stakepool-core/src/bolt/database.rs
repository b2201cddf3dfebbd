//! A file as a whole.

use std::fmt;

use super::bucket::Bucket;
use super::error::BoltError;
use super::head::Head;
use super::source::Source;

/// A file of bbolt, whose bytes were read.
#[derive(Clone, Copy)]
pub struct Bolt<'a>(Source<'a>);

impl<'a> Bolt<'a> {
    /// Reads the heads of a file. A file that its program has open may change while it is read: take a copy, or stop the program.
    ///
    /// # Errors
    /// [`BoltError`] for another file, and for one that is cut off.
    pub fn open(file: &'a [u8]) -> Result<Self, BoltError> {
        let head = Head::find(file)?;
        let found = file.len() as u64;
        let expected = head.pages.saturating_mul(head.page_size as u64);
        if found < expected {
            return Err(BoltError::CutOff { found, expected });
        }
        Ok(Self(Source { file, head }))
    }

    /// The bucket in which everything lies.
    pub const fn root(&self) -> Bucket<'a> {
        Bucket::on_page(self.0, self.0.head.root)
    }
}

impl fmt::Debug for Bolt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bolt").field("head", &self.0.head).finish_non_exhaustive()
    }
}
