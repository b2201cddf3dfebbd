//! `stakepoolctl unknown`: voting addresses that are no user's, and what the operator decides about them.

mod acknowledge;
mod alarm;
mod decided;
mod list;
mod release;
mod withheld;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do about addresses that are no user's.
#[derive(Debug, Subcommand)]
pub(crate) enum UnknownCommand {
    List(list::List),
    Acknowledge(acknowledge::Acknowledge),
    Alarm(alarm::Alarm),
    /// List the key indexes that are withheld for such addresses.
    Withheld(withheld::Withheld),
    /// Let users have key indexes that were guessed.
    Release(release::Release),
}

impl UnknownCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(pool, console),
            Self::Acknowledge(command) => command.run(pool, console),
            Self::Alarm(command) => command.run(pool, console),
            Self::Withheld(command) => command.run(pool, console),
            Self::Release(command) => command.run(pool, console),
        }
    }
}
