//! `completion` and `man`: what shells and readers get of the programs' own descriptions.

use std::fs;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command, ValueEnum};
use clap_complete::Shell;
use serde::Serialize;
use stakepool_config::{KeyReference, daemon_keys, web_keys};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;

/// A program of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Program {
    /// This one.
    #[default]
    #[value(name = "stakepoolctl")]
    Ctl,
    /// The voting daemon.
    #[value(name = "stakepoold")]
    Daemon,
    /// The web application.
    #[value(name = "stakepool-web")]
    Web,
}

impl Program {
    /// Its command line, where `own` is that of this program.
    fn command(self, own: Command) -> Command {
        match self {
            Self::Ctl => own,
            Self::Daemon => of_keys("stakepoold", "The voting daemon of an EXCC stake pool", &daemon_keys()),
            Self::Web => {
                of_keys("stakepool-web", "The web application and user API of an EXCC stake pool", &web_keys())
            }
        }
    }
}

/// The command line of a program whose flags are the keys of its configuration file.
fn of_keys(name: &'static str, about: &'static str, keys: &[KeyReference]) -> Command {
    let asked = [
        ("check-config", "Look the configuration and the machine through, and say all that is wrong"),
        ("print-config", "Show what counts of file, environment and flags, secrets hidden"),
    ];
    let asked = asked.map(|(name, help)| Arg::new(name).long(name).help(help).action(ArgAction::SetTrue));
    let of_key = |key: &KeyReference| {
        let help = key.default.map_or_else(|| key.help.to_owned(), |default| format!("{} [{default}]", key.help));
        let flag = Arg::new(key.name).long(key.name).help(help);
        match key.takes {
            Some(takes) => flag.value_name(takes).action(ArgAction::Append),
            None => flag.num_args(0..=1).require_equals(true).value_name("0|1"),
        }
    };
    let is_listed = |key: &&KeyReference| !key.is_obsolete && key.name != "configfile";
    let file = Arg::new("configfile").short('C').long("configfile").value_name("FILE").help("the configuration file");
    Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help("Each flag is a key of the configuration file, too. Give no secret as a flag: others see it.")
        .args(asked)
        .arg(file)
        .args(keys.iter().filter(is_listed).map(of_key))
}

/// Write what a shell needs to complete commands and options.
///
/// For bash: `stakepoolctl completion bash > /etc/bash_completion.d/stakepoolctl`. For zsh write it to `_stakepoolctl` in
/// a folder of `fpath`, for fish to `~/.config/fish/completions/stakepoolctl.fish`.
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// The program whose options are to be completed.
    #[arg(long, value_name = "PROGRAM", value_enum, default_value_t)]
    program: Program,
}

impl Completion {
    pub(crate) fn run(self, own: Command, console: Console<'_>) -> Result<(), CliError> {
        let mut of = self.program.command(own);
        let name = of.get_name().to_owned();
        // The generator takes no error of its writer.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut of, name, &mut script);
        console.output.write_all(&script).map_err(CliError::Output)
    }
}

/// Write the manual pages of all programs, one for each command, into a folder.
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
    pub(crate) fn run(self, own: Command, console: Console<'_>) -> Result<(), CliError> {
        let write = || {
            fs::create_dir_all(&self.folder)?;
            for program in [Program::Ctl, Program::Daemon, Program::Web] {
                clap_mangen::generate_to(program.command(own.clone()), &self.folder)?;
            }
            Ok(())
        };
        write().map_err(|error| CliError::File { path: self.folder.clone(), error })?;
        let pages = Pages { folder: self.folder.display().to_string() };
        console.style.write_single(console.output, &pages).map_err(CliError::Output)
    }
}
