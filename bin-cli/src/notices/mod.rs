//! `stakepoolctl notices`: what users are to know, on pages and by mail.

mod add;
mod list;
mod remove;
pub(crate) mod row;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with notices.
#[derive(Debug, Subcommand)]
pub(crate) enum NoticesCommand {
    List(list::List),
    Add(add::Add),
    Remove(remove::Remove),
}

impl NoticesCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(pool, console),
            Self::Add(command) => command.run(pool, console),
            Self::Remove(command) => command.run(pool, console),
        }
    }
}
