//! A program from its configuration to its exit code.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use stakepool_config::{ConfigErrors, DaemonConfig, Invocation, WebConfig};

use super::{file_limit, logging, signals};

/// Exit code for a wrong configuration.
const BAD_CONFIGURATION: u8 = 2;

/// What the configurations of all programs have.
pub trait ProgramConfig {
    /// The filter for `tracing`.
    fn log_filter(&self) -> &str;
    /// Where log files lie.
    fn log_dir(&self) -> &Path;
    /// What the operator should know at the start.
    fn warnings(&self) -> &[String];
}

/// Runs a program as it was asked to, and answers with its exit code: 0 after a clean stop, 1 where it had to stop, 2
/// for a wrong configuration. `version` begins with the program's name.
pub async fn run<C: ProgramConfig, E: Display>(
    program: &str,
    version: &str,
    asked: Result<Invocation<C>, ConfigErrors>,
    work: impl AsyncFnOnce(C) -> Result<(), E>,
) -> ExitCode {
    let invocation = match asked {
        Ok(invocation) => invocation,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let config = match invocation.run_or_show(version, &mut io::stdout()) {
        Ok(Some(config)) => *config,
        Ok(None) => return ExitCode::SUCCESS,
        Err(_) => return ExitCode::FAILURE,
    };
    // Dropped last, so that the last lines are in the file.
    let _log = logging::begin(program, config.log_filter(), config.log_dir());
    file_limit::raise();
    signals::keep_going();
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    match work(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

impl ProgramConfig for WebConfig {
    fn log_filter(&self) -> &str {
        &self.log_filter
    }

    fn log_dir(&self) -> &Path {
        &self.log_dir
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl ProgramConfig for DaemonConfig {
    fn log_filter(&self) -> &str {
        &self.log_filter
    }

    fn log_dir(&self) -> &Path {
        &self.log_dir
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
