//! What a database is opened for.

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A pool serves from it: rows of the predecessor get their keys.
    Serve,
    /// Another one is copied into it: its rows are only that one's.
    Copy,
}
