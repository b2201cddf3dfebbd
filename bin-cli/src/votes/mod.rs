//! `stakepoolctl votes`: what the pool has voted.

mod list;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to see of votes.
#[derive(Debug, Subcommand)]
pub(crate) enum VotesCommand {
    List(list::List),
}

impl VotesCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let Self::List(command) = self;
        command.run(pool, console)
    }
}
