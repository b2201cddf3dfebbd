//! `stakepoolctl tickets`: the ledger, and tickets that pay too small a fee, which the pool votes only where an
//! administrator added them.

mod add;
mod added;
mod hashes;
mod ignored;
mod income;
mod list;
mod remove;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with tickets.
#[derive(Debug, Subcommand)]
pub(crate) enum TicketsCommand {
    List(list::List),
    Ignored(ignored::Ignored),
    Added(added::Added),
    Add(add::Add),
    Remove(remove::Remove),
    Income(income::Income),
}

impl TicketsCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::List(command) => command.run(pool, console),
            Self::Ignored(command) => command.run(pool, console),
            Self::Added(command) => command.run(pool, console),
            Self::Add(command) => command.run(pool, console),
            Self::Remove(command) => command.run(pool, console),
            Self::Income(command) => command.run(pool, console),
        }
    }
}
