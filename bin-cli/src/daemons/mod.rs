//! `stakepoolctl daemons`: the voting daemons.

mod list;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with voting daemons.
#[derive(Debug, Subcommand)]
pub(crate) enum DaemonsCommand {
    List(list::List),
}

impl DaemonsCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let Self::List(command) = self;
        command.run(pool, console)
    }
}
