//! `stakepoolctl vsp`: tickets of wallets of today (VSP v3), and the service that they register with.

mod audit;
mod close;
mod closed;
mod import;
mod import_config;
mod listing;
mod open;
mod proof;
mod public_key;
mod service;
mod show;
mod status;
mod tickets;
mod verify;
mod xpub;

use clap::Subcommand;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::PoolArguments;

/// What to see and do of wallets of today.
#[derive(Debug, Subcommand)]
pub(crate) enum VspCommand {
    Import(import::Import),
    Status(status::Status),
    Tickets(tickets::Tickets),
    Show(show::Show),
    Proof(proof::Proof),
    Verify(verify::Verify),
    Audit(audit::Audit),
    Close(close::Close),
    Open(open::Open),
    /// Show and retire the keys whose addresses take the fees.
    #[command(subcommand)]
    Xpub(xpub::XpubCommand),
    Listing(listing::Listing),
    ImportConfig(import_config::ImportConfig),
}

impl VspCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Import(command) => command.run(pool, console),
            Self::Status(command) => command.run(pool, console),
            Self::Tickets(command) => command.run(pool, console),
            Self::Show(command) => command.run(pool, console),
            Self::Proof(command) => command.run(pool, console),
            Self::Verify(command) => command.run(console),
            Self::Audit(command) => command.run(pool, console),
            Self::Close(command) => command.run(pool, console),
            Self::Open(command) => command.run(pool, console),
            Self::Xpub(command) => command.run(pool, console),
            Self::Listing(command) => command.run(pool, console),
            Self::ImportConfig(command) => command.run(console),
        }
    }
}
