//! What a block's stake tree does to tickets.

use crate::chain::{Amount, BlockHeight, TicketHash, TicketOutputs, Transaction};
use crate::reports::Spend;
use crate::time::UnixTime;

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
/// Outputs of a vote before those that pay: the block, and the bits.
const SAID: usize = 2;

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

/// The ticket that a vote or a revocation in a block spends, and what it pays; `None` of other transactions. The outputs of either
/// pay what the ticket's commitments say, in their order.
pub fn spend_of(
    transaction: &Transaction,
    mined_at: BlockHeight,
    time: Option<UnixTime>,
) -> Option<(TicketHash, Spend)> {
    let (ticket, before) = match StakeTransaction::read(transaction) {
        StakeTransaction::Vote(ticket) => (ticket, SAID),
        StakeTransaction::Revocation(ticket) => (ticket, 0),
        StakeTransaction::Ticket(_) | StakeTransaction::Other => return None,
    };
    let values = transaction.outputs.iter().map(|output| output.value.atoms());
    let first = transaction.outputs.get(before).map_or(Amount::ZERO, |output| output.value);
    let paid = Amount::from_atoms(values.fold(0, i64::saturating_add));
    Some((ticket, Spend { transaction: transaction.hash(), mined_at, time, paid, first }))
}
