//! How a program's calls to another one go.

use std::time::Duration;

/// The calls of one method since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFigures {
    /// All of them.
    pub calls: u64,
    /// Those that failed, for whatever reason.
    pub errors: u64,
    /// The time that all took together.
    pub time: Duration,
}
