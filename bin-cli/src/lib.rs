//! The command-line tool of an EXCC stake pool: one module a group of commands, one file a command.

mod alerts;
mod answer;
mod api_token;
mod backup;
mod chain;
mod cli;
mod closing;
mod console;
mod daemons;
mod date;
mod db;
mod error;
mod generated;
mod handover;
mod invitations;
mod lines;
mod mail;
mod notices;
mod outside;
mod pool;
mod progress;
mod restore;
mod rotation;
mod selftest;
mod status;
mod streams;
mod terms;
mod tickets;
mod unknown;
mod users;
mod verify;
mod votes;
mod vsp;
mod wallets;

use std::ffi::OsString;

use stakepool_core::sanitize::visible;

pub use error::CliError;
pub use streams::Streams;

/// The command line: its commands, their arguments and help.
pub fn command_line() -> clap::Command {
    cli::command_line()
}

/// Runs the command that `arguments` (the program's name first) ask for, and gives the exit code: 0 where it was done, 1
/// where something failed on the way or the pool is not well, 2 where an argument or the configuration is wrong, 3 where
/// something that was named is not there or was refused.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: Streams<'_>) -> u8 {
    let Streams { input, output, errors } = streams;
    match cli::run(arguments, Streams { input, output, errors: &mut *errors }) {
        Ok(()) => 0,
        // The reader of a pipe has seen enough.
        Err(error) if error.is_broken_pipe() => 0,
        Err(error) => {
            // Nothing is left to do where not even this can be written.
            let _ = writeln!(errors, "stakepoolctl: {}", visible(&error.to_string()));
            error.exit_code()
        }
    }
}
