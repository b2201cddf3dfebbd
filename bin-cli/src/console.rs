//! Where a command reads from and writes to, and in which style.

use std::io::{Read, Write};

use stakepool_core::sanitize::visible;

use crate::answer::Style;

/// The streams of a command that needs the pool.
pub(crate) struct Console<'a> {
    /// How answers are written.
    pub(crate) style: Style,
    /// Standard input.
    pub(crate) input: &'a mut dyn Read,
    /// Standard output.
    pub(crate) output: &'a mut dyn Write,
    /// Standard error.
    pub(crate) errors: &'a mut dyn Write,
}

impl Console<'_> {
    /// Notes something for people that does not stop the command.
    pub(crate) fn note(&mut self, text: &str) {
        // Nothing is left to do where not even this can be written.
        let _ = writeln!(self.errors, "stakepoolctl: {}", visible(text));
    }

    /// Notes that a list was cut, where `shown` of `total` entries were written.
    pub(crate) fn note_rest(&mut self, shown: usize, total: u64) {
        let rest = total.saturating_sub(shown as u64);
        if rest > 0 {
            self.note(&format!("{rest} more are not shown; --limit asks for more"));
        }
    }
}
