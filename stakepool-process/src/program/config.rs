//! What a program's life needs to know of its configuration.

use std::path::Path;

use stakepool_config::{DaemonConfig, LogFormat, Sources, WebConfig};

/// What the configurations of all programs have.
pub trait ProgramConfig: Clone {
    /// The keys whose values are used without a restart, where the configuration is read again, beside `debuglevel`.
    const RELOADED: &'static [&'static str];

    /// The filter for `tracing`.
    fn log_filter(&self) -> &str;
    /// How log lines are written.
    fn log_format(&self) -> LogFormat;
    /// Where log files lie.
    fn log_dir(&self) -> &Path;
    /// What the operator should know at the start.
    fn warnings(&self) -> &[String];
    /// Where the configuration came from.
    fn sources(&self) -> &Sources;
}

impl ProgramConfig for WebConfig {
    const RELOADED: &'static [&'static str] = &[
        "adminips",
        "adminuserids",
        "closepool",
        "closepoolmsg",
        "exccdcert",
        "invitations",
        "rpctoken",
        "rpctokens",
        "stakepooldcerts",
        "vspclosed",
        "vspclosedmsg",
        "walletcerts",
    ];

    fn log_filter(&self) -> &str {
        &self.log_filter
    }

    fn log_format(&self) -> LogFormat {
        self.log_format
    }

    fn log_dir(&self) -> &Path {
        &self.log_dir
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }
}

impl ProgramConfig for DaemonConfig {
    const RELOADED: &'static [&'static str] = &["exccdcert", "rpctoken", "rpctokennext", "walletcert"];

    fn log_filter(&self) -> &str {
        &self.log_filter
    }

    fn log_format(&self) -> LogFormat {
        self.log_format
    }

    fn log_dir(&self) -> &Path {
        &self.log_dir
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }
}
