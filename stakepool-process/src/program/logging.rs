//! Log lines, to standard error and to a file a day.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// How many lines may wait to be written; beyond it lines are lost, and not votes. The places are there from the start.
const MOST_WAITING: usize = 2048;
/// How many days of log files are kept.
const KEPT_DAYS: usize = 14;

/// The files `PROGRAM.YYYY-MM-DD.log` of a directory, written by a thread of their own: nothing waits for a slow disk.
/// What is not yet written is written when the guard is dropped.
pub(crate) fn files(directory: &Path, program: &str) -> io::Result<(NonBlocking, WorkerGuard)> {
    // First, so that the search for old files finds a folder.
    fs::create_dir_all(directory)?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(program)
        .filename_suffix("log")
        .max_log_files(KEPT_DAYS)
        .build(directory)
        .map_err(io::Error::other)?;
    Ok(NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING).finish(appender))
}

/// Begins to log. A directory that cannot be used is told, and does not stop a program that has votes to cast.
pub(crate) fn begin(program: &str, filter: &str, directory: &Path) -> Option<WorkerGuard> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (files, guard, problem) = match files(directory, program) {
        Ok((files, guard)) => (Some(files), Some(guard), None),
        Err(error) => (None, None, Some(error)),
    };
    let console = fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    let file = files.map(|files| fmt::layer().with_ansi(false).with_writer(files));
    tracing_subscriber::registry().with(filter).with(console).with(file).init();
    if let Some(error) = problem {
        tracing::warn!(
            directory = %directory.display(), %error,
            "logdir cannot be used, so that no log files are written: check logdir and its permissions"
        );
    }
    guard
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_in_the_days_file_once_the_program_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, guard) = files(&folder.path().join("simnet"), "stakepoold").unwrap();
        writer.write_all(b"voted\n").unwrap();
        drop(guard);
        let files: Vec<_> = folder.path().join("simnet").read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("stakepoold.20") && name.ends_with(".log"), "{name}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "voted\n");
    }

    #[test]
    fn a_directory_that_is_a_file_is_an_error_and_no_panic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(files(file.path(), "stakepoold").is_err());
    }
}
