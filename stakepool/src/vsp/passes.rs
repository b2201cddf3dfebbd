//! What an instance remembers between its passes over the chain.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHash, TicketHash};

/// What an instance remembers between its passes over the chain.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// How often the node has refused the fee of a ticket.
    pub(super) refusals: BTreeMap<TicketHash, u32>,
    /// The best block of the last pass that came to its end.
    pub(super) done: Option<BlockHash>,
}
