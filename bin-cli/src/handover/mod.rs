//! `stakepoolctl handover`: what another host needs to take the web over.

mod check;
mod contents;
mod manifest;
mod pack;
mod settings;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// Pack what another host needs, or look a pack through.
#[derive(Debug, Subcommand)]
pub(crate) enum HandoverCommand {
    Pack(pack::Pack),
    Check(check::Check),
}

impl HandoverCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Pack(command) => command.run(pool, console),
            Self::Check(command) => command.run(console),
        }
    }
}
