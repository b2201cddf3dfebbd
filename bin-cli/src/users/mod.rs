//! `stakepoolctl users`: the accounts of the pool.

mod account;
mod create;
mod list;
mod password;
mod reset;
mod show;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Password(reset::Reset),
}

impl UsersCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(pool, console),
            Self::List(command) => command.run(pool, console),
            Self::Show(command) => command.run(pool, console),
            Self::Password(command) => command.run(pool, console),
        }
    }
}
