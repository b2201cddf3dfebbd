//! What an instance remembers between its passes over the chain.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHash, BlockHeight, TicketHash};

/// What an instance remembers between its passes over the chain.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// For how many blocks the node has refused the fee of a ticket.
    pub(super) refused_fees: Refusals,
    /// For how many blocks the node has refused a fee that it has forgotten.
    pub(super) lost_fees: Refusals,
    /// For how many blocks the node has refused a ticket that it does not know.
    pub(super) refused_tickets: Refusals,
    /// The height up to which the keys of ended tickets were deleted: earlier ends are not looked at again.
    pub(super) keys_deleted: BlockHeight,
    /// The best block of the last pass that came to its end.
    pub(super) done: Option<BlockHash>,
}

/// For how many best blocks something of each ticket was refused. Passes that fail are repeated at the same block.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<TicketHash, (u32, BlockHash)>);

impl Refusals {
    /// Counts a refusal at a best block, the first one there. Returns for how many blocks there were some.
    pub(super) fn count(&mut self, ticket: TicketHash, best: BlockHash) -> u32 {
        let (blocks, last) = self.0.entry(ticket).or_insert((1, best));
        if *last != best {
            (*blocks, *last) = (blocks.saturating_add(1), best);
        }
        *blocks
    }

    /// Begins anew with a ticket.
    pub(super) fn clear(&mut self, ticket: &TicketHash) {
        self.0.remove(ticket);
    }

    /// Begins anew with all tickets but these.
    pub(super) fn keep<'a>(&mut self, tickets: impl Iterator<Item = &'a TicketHash>) {
        let tickets: std::collections::BTreeSet<_> = tickets.collect();
        self.0.retain(|hash, _| tickets.contains(hash));
    }
}
