//! `stakepoolctl vsp`: tickets of wallets of today (VSP v3), and the service that they register with.

mod import;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to see and do of wallets of today.
#[derive(Debug, Subcommand)]
pub(crate) enum VspCommand {
    Import(import::Import),
}

impl VspCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Import(command) => command.run(pool, console),
        }
    }
}
