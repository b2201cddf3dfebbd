//! A program from its configuration to its exit code.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use stakepool_config::{ConfigErrors, Invocation, Sources};
use tokio::time::{Instant, sleep};

use super::config::ProgramConfig;
use super::reload::{self, Reloads};
use super::{file_limit, logging, panics, permissions, signals};

/// Exit code for a wrong configuration.
pub(super) const BAD_CONFIGURATION: u8 = 2;
/// How long tasks in the background may take to finish after the main one has broken down.
const LAST_WORK: Duration = Duration::from_secs(10);

/// Runs a program as it was asked to, and answers with its exit code: 0 after a clean stop, 1 where it had to stop, 2
/// for a wrong configuration. `version` begins with the program's name.
///
/// `load` reads the configuration: at the start, and again at SIGHUP and SIGUSR1, which stop nothing. What is new then is
/// among the [`Reloads`]. A panic in any task stops the program as a signal does.
pub async fn run<C: ProgramConfig, E: Display>(
    program: &str,
    version: &str,
    load: impl Fn() -> Result<Invocation<C>, ConfigErrors>,
    work: impl AsyncFnOnce(C, Reloads<C>) -> Result<(), E>,
) -> ExitCode {
    let invocation = match load() {
        Ok(invocation) => invocation,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let invocation = match invocation {
        Invocation::CheckConfig(mut report) => {
            report.warnings.extend(found_around(&report.sources));
            Invocation::CheckConfig(report)
        }
        other => other,
    };
    let config = match invocation.run_or_show(version, &mut io::stdout()) {
        Ok(Some(config)) => *config,
        Ok(None) => return ExitCode::SUCCESS,
        Err(_) => return ExitCode::FAILURE,
    };
    // Dropped last, so that the last lines are in the file.
    let log = logging::begin(program, config.log_filter(), config.log_format(), config.log_dir());
    panics::watch();
    file_limit::raise();
    permissions::keep_memory_private();
    // Caught before the work begins, so that none is lost however early it comes.
    let (reload_signals, stop_signals) = (signals::reloads(), signals::StopSignals::catch());
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    for warning in found_around(config.sources()) {
        tracing::warn!("{warning}");
    }
    let (sender, reloads) = reload::channel();
    let started = config.clone();
    let ended = tokio::select! {
        ended = panics::caught(Box::pin(work(config, reloads))) => ended,
        () = reload::at_signals(reload_signals, &started, &load, &log, sender) => None,
        () = signals::note_stop(stop_signals) => None,
    };
    match ended {
        Some(Ok(())) if !panics::have_happened() => ExitCode::SUCCESS,
        Some(Ok(())) => ExitCode::FAILURE,
        Some(Err(error)) => {
            tracing::error!("{error}");
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
        None => {
            until_nothing_runs().await;
            ExitCode::FAILURE
        }
    }
}

/// What is wrong around a configuration without being in it: variables of the environment, and who may read its files.
pub(super) fn found_around(sources: &Sources) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut warnings = sources.unknown_variables(names);
    warnings.extend(permissions::warnings(&sources.private_files));
    warnings
}

/// Waits until the tasks in the background have ended, for what they finish by themselves.
async fn until_nothing_runs() {
    let began = Instant::now();
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 && began.elapsed() < LAST_WORK {
        sleep(Duration::from_millis(50)).await;
    }
}
