//! `stakepoolctl invitations`: codes with which accounts may be made.

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to do with invitations.
#[derive(Debug, Subcommand)]
pub(crate) enum InvitationsCommand {
    Create(create::Create),
    List(list::List),
    Revoke(revoke::Revoke),
}

impl InvitationsCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(pool, console),
            Self::List(command) => command.run(pool, console),
            Self::Revoke(command) => command.run(pool, console),
        }
    }
}
