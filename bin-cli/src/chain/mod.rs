//! `stakepoolctl chain`: what the pool computes by itself, without any server.

mod addresses;
mod arguments;
mod multisig;
mod query;
mod ticket;
mod ticket_fee;

use std::io::{Read, Write};

use clap::Subcommand;

use crate::answer::Style;
use crate::error::CliError;

/// A question about the chain.
#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Show the addresses of an account's external branch.
    Addresses(addresses::Addresses),
    /// Make the 1-of-2 multisig script of the pool's and a user's key.
    Multisig(multisig::Multisig),
    /// Compute the fee that a ticket must commit to the pool.
    TicketFee(ticket_fee::TicketFee),
    /// Judge a ticket as the pool would.
    Ticket(ticket::Ticket),
}

impl ChainCommand {
    pub(crate) fn run(self, style: Style, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
        match self {
            Self::Addresses(command) => command.run(style, output),
            Self::Multisig(command) => command.run(style, output),
            Self::TicketFee(command) => command.run(style, input, output),
            Self::Ticket(command) => command.run(style, input, output),
        }
    }
}
