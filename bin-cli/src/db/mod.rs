//! `stakepoolctl db`: the database itself.

mod check;
mod copy;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    Check(check::Check),
    Copy(copy::Copy),
}

impl DbCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Check(command) => command.run(pool, console),
            Self::Copy(command) => command.run(pool, console),
        }
    }
}
