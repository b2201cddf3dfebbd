//! `stakepoolctl chain`: what the pool computes by itself, without any server.

mod addresses;
mod arguments;
mod multisig;
mod query;
mod ticket;
mod ticket_fee;
mod voting_key;

use std::io::{Read, Write};

use clap::Subcommand;

use crate::answer::Style;
use crate::error::CliError;

/// A question about the chain.
#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    Addresses(addresses::Addresses),
    Multisig(multisig::Multisig),
    TicketFee(ticket_fee::TicketFee),
    Ticket(ticket::Ticket),
    VotingKey(voting_key::VotingKey),
}

impl ChainCommand {
    pub(crate) fn run(self, style: Style, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
        match self {
            Self::Addresses(command) => command.run(style, output),
            Self::Multisig(command) => command.run(style, output),
            Self::TicketFee(command) => command.run(style, input, output),
            Self::Ticket(command) => command.run(style, input, output),
            Self::VotingKey(command) => command.run(style, input, output),
        }
    }
}
