//! The streams of the program.

use std::io::{Read, Write};

/// Where a command reads from and writes to.
pub struct Streams<'a> {
    /// Standard input, read only by commands that are given `-` or `--stdin`.
    pub input: &'a mut dyn Read,
    /// Standard output: answers, and help where it was asked for.
    pub output: &'a mut dyn Write,
    /// Standard error: one line where something is wrong, and one for each voting daemon that cannot be reached.
    pub errors: &'a mut dyn Write,
}
