//! What a block's stake tree does to tickets.

use crate::chain::{TicketHash, TicketOutputs, Transaction};

/// What a transaction of the stake tree does to tickets.
pub(super) enum StakeTransaction {
    Ticket(TicketOutputs),
    Vote(TicketHash),
    Revocation(TicketHash),
    Other,
}

/// Tag of a vote's outputs.
const OP_SSGEN: u8 = 0xbb;
/// Tag of a revocation's outputs.
const OP_SSRTX: u8 = 0xbc;

impl StakeTransaction {
    pub(super) fn read(transaction: &Transaction) -> Self {
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
