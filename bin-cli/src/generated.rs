//! `completion` and `man`: what shells and readers get of the command line's own description.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use serde::Serialize;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;

/// The name of the program.
const PROGRAM: &str = "stakepoolctl";

/// Write what a shell needs to complete commands and options.
///
/// For bash: `stakepoolctl completion bash > /etc/bash_completion.d/stakepoolctl`. For zsh write it to `_stakepoolctl` in
/// a folder of `fpath`, for fish to `~/.config/fish/completions/stakepoolctl.fish`.
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(self, mut of: Command, console: Console<'_>) -> Result<(), CliError> {
        // The generator takes no error of its writer.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut of, PROGRAM, &mut script);
        console.output.write_all(&script).map_err(CliError::Output)
    }
}

/// Write the manual pages, one for each command, into a folder.
///
/// The folder is made where it is not there. `man -l DIR/stakepoolctl.1` shows the first page; in
/// `/usr/local/share/man/man1` all are found by name.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Serialize)]
struct Pages {
    folder: String,
}

impl Answer for Pages {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("manual pages", self.folder.clone())]
    }
}

impl Man {
    pub(crate) fn run(self, of: Command, console: Console<'_>) -> Result<(), CliError> {
        let written = fs::create_dir_all(&self.folder).and_then(|()| clap_mangen::generate_to(of, &self.folder));
        written.map_err(|error| CliError::File { path: self.folder.clone(), error })?;
        let pages = Pages { folder: self.folder.display().to_string() };
        console.style.write_single(console.output, &pages).map_err(CliError::Output)
    }
}
