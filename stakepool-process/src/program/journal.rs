//! Standard error where it is the journal of systemd: each line then says how urgent it is, so that `journalctl -p warning`
//! finds it.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// What systemd sets for a program whose output goes to the journal: device and inode of the stream.
const STREAM: &str = "JOURNAL_STREAM";

/// Whether standard error goes to the journal, and not somewhere else that a parent of this process chose.
pub(super) fn is_standard_error() -> bool {
    let Ok(stat) = rustix::fs::fstat(io::stderr()) else { return false };
    std::env::var(STREAM).is_ok_and(|stream| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Lines to standard error, each after its priority in the form of systemd (`<4>` for a warning).
pub(super) struct JournalLines;

/// A line that is begun.
pub(super) struct Line<W> {
    priority: u8,
    to: W,
}

impl<'a> MakeWriter<'a> for JournalLines {
    type Writer = Line<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { priority: priority(Level::INFO), to: io::stderr() }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Self::Writer {
        Line { priority: priority(*of.level()), to: io::stderr() }
    }
}

/// The priority of syslog.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

impl<W: Write> Write for Line<W> {
    /// Writes a whole event, which comes in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut line = format!("<{}>", self.priority).into_bytes();
        line.extend_from_slice(event);
        self.to.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_the_journal_says_how_urgent_it_is() {
        let mut written = Vec::new();
        let mut line = Line { priority: priority(Level::WARN), to: &mut written };
        line.write_all(b"a wallet is locked\n").unwrap();
        assert_eq!(written, b"<4>a wallet is locked\n");
        assert!(!is_standard_error(), "tests do not run under systemd");
    }
}
