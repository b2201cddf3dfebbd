//! `vsp import-config`: a configuration of vspd in our keys.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stakepool_config::{FromVspd, from_vspd};
use stakepool_core::sanitize::visible;

use crate::answer::Style;
use crate::console::Console;
use crate::error::CliError;

/// Print the keys for the web's configuration that a configuration of vspd comes to.
///
/// What has no counterpart here, and what is to be done by hand, follows as comments. No secret is printed. Neither a pool nor a
/// configuration of ours is needed.
#[derive(Debug, Args)]
pub(crate) struct ImportConfig {
    /// The file, such as vspd.conf.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Row {
    lines: Vec<String>,
    notes: Vec<String>,
}

impl ImportConfig {
    pub(super) fn run(self, console: Console<'_>) -> Result<(), CliError> {
        let unreadable = |error| CliError::argument("FILE", format!("{} cannot be read: {error}", self.file.display()));
        let text = fs::read(&self.file).map_err(unreadable)?;
        let FromVspd { lines, notes } = from_vspd(&String::from_utf8_lossy(&text));
        let written = match console.style {
            Style::Json => {
                let row =
                    serde_json::to_string(&Row { lines, notes }).map_err(|error| CliError::Output(error.into()))?;
                writeln!(console.output, "{row}")
            }
            Style::Text => {
                let comments = notes.into_iter().map(|note| format!("; {note}"));
                lines.into_iter().chain(comments).try_for_each(|line| writeln!(console.output, "{}", visible(&line)))
            }
        };
        written.map_err(CliError::Output)
    }
}
