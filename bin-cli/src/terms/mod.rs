//! `stakepoolctl terms`: the fee and the cold wallet, as they held and will hold.

mod announce;
mod list;
mod revoke;
mod row;
mod tell;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with the pool's terms.
#[derive(Debug, Subcommand)]
pub(crate) enum TermsCommand {
    List(list::List),
    Announce(announce::Announce),
    Revoke(revoke::Revoke),
}

impl TermsCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(pool, console),
            Self::Announce(command) => command.run(pool, console),
            Self::Revoke(command) => command.run(pool, console),
        }
    }
}
