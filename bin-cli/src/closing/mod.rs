//! `stakepoolctl closing`: the pool closes for good.

mod announce;
pub(crate) mod fields;
mod revoke;
mod scripts;
mod show;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do about the end of the pool.
#[derive(Debug, Subcommand)]
pub(crate) enum ClosingCommand {
    Announce(announce::Announce),
    Show(show::Show),
    Revoke(revoke::Revoke),
    Scripts(scripts::Scripts),
}

impl ClosingCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Announce(command) => command.run(pool, console),
            Self::Show(command) => command.run(pool, console),
            Self::Revoke(command) => command.run(pool, console),
            Self::Scripts(command) => command.run(pool, console),
        }
    }
}
