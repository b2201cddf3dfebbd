//! `stakepoolctl wallets`: what the voting wallets hold, beside what the database has.

mod check;
mod progress;
mod sync;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with voting wallets.
#[derive(Debug, Subcommand)]
pub(crate) enum WalletsCommand {
    Check(check::Check),
    Sync(sync::Sync),
}

impl WalletsCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Check(command) => command.run(pool, console),
            Self::Sync(command) => command.run(pool, console),
        }
    }
}
