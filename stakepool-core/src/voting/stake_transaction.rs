//! What a block's stake tree does to tickets.

use crate::chain::{TicketHash, TicketOutputs, Transaction};

/// What a transaction of the stake tree does to tickets.
#[derive(Clone, Debug)]
pub enum StakeTransaction {
    /// It is a ticket.
    Ticket(TicketOutputs),
    /// It votes with a ticket.
    Vote(TicketHash),
    /// It revokes a ticket, which was missed or has expired.
    Revocation(TicketHash),
    /// Something else.
    Other,
}

/// Tag of a vote's outputs.
const OP_SSGEN: u8 = 0xbb;
/// Tag of a revocation's outputs.
const OP_SSRTX: u8 = 0xbc;

impl StakeTransaction {
    /// Reads a transaction of a block's stake tree.
    pub fn read(transaction: &Transaction) -> Self {
        if let Ok(ticket) = TicketOutputs::from_transaction(transaction) {
            return Self::Ticket(ticket);
        }
        let tagged = |index: usize, tag| transaction.outputs.get(index).is_some_and(|o| o.script.first() == Some(&tag));
        match &transaction.inputs[..] {
            [_, ticket] if tagged(2, OP_SSGEN) => Self::Vote(ticket.previous.hash.into()),
            [ticket] if tagged(0, OP_SSRTX) => Self::Revocation(ticket.previous.hash.into()),
            _ => Self::Other,
        }
    }
}
