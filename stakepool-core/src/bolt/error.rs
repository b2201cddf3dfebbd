//! Why a file cannot be read.

/// Why a file, or a part of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoltError {
    /// Neither head is valid.
    #[error(
        "not a file of bbolt, or one whose two heads are both damaged: take the copy of it whose name ends in -backup"
    )]
    NoHead,
    /// A format that did not exist when this was written.
    #[error("a file of bbolt in format {0}, of which only format 2 is known")]
    Format(u32),
    /// Not all pages are there.
    #[error("the file is cut off: it has {found} bytes of {expected}; copy it again while its program is stopped")]
    CutOff {
        /// Bytes that are there.
        found: u64,
        /// Bytes that the head says.
        expected: u64,
    },
    /// A page does not hold what it should.
    #[error("page {page} of the file is damaged: {what}; take the copy of the file whose name ends in -backup")]
    Damaged {
        /// Its number; that of the page around it for a bucket within a leaf is not known, and 0 stands here.
        page: u64,
        /// What is wrong.
        what: &'static str,
    },
}
