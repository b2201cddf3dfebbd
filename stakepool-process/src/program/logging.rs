//! Log lines, to standard error and to a file a day.

use std::io::{self, IsTerminal};
use std::path::Path;

use stakepool_config::LogFormat;
use tracing::Subscriber;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use super::journal::{self, JournalLines};
use super::log_file::{DailyFile, Reopen};

/// How many lines may wait to be written; beyond it lines are lost, and not votes. The places are there from the start.
const MOST_WAITING: usize = 2048;

/// The log of a program. What is not yet written is written when this is dropped.
pub(crate) struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    reopen: Reopen,
    _writing: Option<WorkerGuard>,
}

impl Log {
    /// Logs by another filter from now on.
    pub(crate) fn set_filter(&self, text: &str) {
        if let Err(error) = self.filter.reload(filter(text)) {
            tracing::warn!(%error, "debuglevel stays as it was");
        }
    }

    /// Opens the log file anew: the old one may have been moved away.
    pub(crate) fn reopen(&self) {
        self.reopen.ask();
    }
}

fn filter(text: &str) -> EnvFilter {
    EnvFilter::try_new(text).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// The log files of a directory, written by a thread of their own: nothing waits for a slow disk. What is not yet written
/// is written when the guard is dropped.
fn files(directory: &Path, program: &str, reopen: Reopen) -> io::Result<(NonBlocking, WorkerGuard)> {
    let daily = DailyFile::open(directory, program, reopen)?;
    Ok(NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING).finish(daily))
}

/// What writes the lines to a place.
fn lines<S, W>(format: LogFormat, colours: bool, to: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    match format {
        LogFormat::Text => fmt::layer().with_ansi(colours).with_writer(to).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(to).boxed(),
    }
}

/// Begins to log. A directory that cannot be used is told, and does not stop a program that has votes to cast.
pub(crate) fn begin(program: &str, text: &str, format: LogFormat, directory: &Path) -> Log {
    let (filter, handle) = reload::Layer::new(filter(text));
    let reopen = Reopen::default();
    let (files, guard, problem) = match files(directory, program, reopen.clone()) {
        Ok((files, guard)) => (Some(files), Some(guard), None),
        Err(error) => (None, None, Some(error)),
    };
    let console = match journal::is_standard_error() {
        true => lines(format, false, JournalLines),
        false => lines(format, io::stderr().is_terminal(), io::stderr),
    };
    let file = files.map(|files| lines(format, false, files));
    tracing_subscriber::registry().with(filter).with(console).with(file).init();
    if let Some(error) = problem {
        tracing::warn!(
            directory = %directory.display(), %error,
            "logdir cannot be used, so that no log files are written: check logdir and its permissions"
        );
    }
    Log { filter: handle, reopen, _writing: guard }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_in_the_days_file_once_the_program_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, guard) = files(&folder.path().join("simnet"), "stakepoold", Reopen::default()).unwrap();
        writer.write_all(b"voted\n").unwrap();
        drop(guard);
        let files: Vec<_> = folder.path().join("simnet").read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("stakepoold.20") && name.ends_with(".log"), "{name}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "voted\n");
    }

    #[test]
    fn lines_of_json_are_an_object_each_with_level_and_fields() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, guard) = files(folder.path(), "stakepoold", Reopen::default()).unwrap();
        let subscriber = tracing_subscriber::registry().with(lines(LogFormat::Json, false, writer));
        tracing::subscriber::with_default(subscriber, || tracing::warn!(ticket = "ab", "a \"ticket\"\nis ignored"));
        drop(guard);
        let file = folder.path().read_dir().unwrap().next().unwrap().unwrap().path();
        let written = std::fs::read_to_string(file).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
        for part in [
            "\"level\":\"WARN\"",
            "\"ticket\":\"ab\"",
            "\"message\":\"a \\\"ticket\\\"\\nis ignored\"",
            "\"timestamp\":",
        ] {
            assert!(written.contains(part), "{part}: {written}");
        }
    }

    #[test]
    fn a_directory_that_is_a_file_is_an_error_and_no_panic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(files(file.path(), "stakepoold", Reopen::default()).is_err());
    }
}
