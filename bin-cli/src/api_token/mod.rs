//! `stakepoolctl api-token`: the API keys of users who cannot get at their own.

mod renew;
mod show;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with a user's API key.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiTokenCommand {
    Show(show::Show),
    Renew(renew::Renew),
}

impl ApiTokenCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Show(command) => command.run(pool, console),
            Self::Renew(command) => command.run(pool, console),
        }
    }
}
