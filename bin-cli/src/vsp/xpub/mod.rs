//! `vsp xpub`: the keys whose addresses take the fees of wallets of today.

mod retire;
mod row;
mod show;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with fee keys.
#[derive(Debug, Subcommand)]
pub(crate) enum XpubCommand {
    Show(show::Show),
    Retire(retire::Retire),
}

impl XpubCommand {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Show(command) => command.run(pool, console),
            Self::Retire(command) => command.run(pool, console),
        }
    }
}
