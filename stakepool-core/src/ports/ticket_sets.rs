//! Sets of tickets in short, so that daemons can be compared without sending all their tickets.

use serde::{Deserialize, Serialize};

use crate::chain::{BlockHash, BlockHeight, TicketHash};

/// A set of tickets in short: equal sets have equal figures, in whatever order they were made, and others differ.
///
/// ```
/// use stakepool_core::chain::TicketHash;
/// use stakepool_core::ports::TicketSet;
///
/// let ticket = |number| TicketHash::from_bytes([number; 32]);
/// let set = |numbers: &[u8]| numbers.iter().map(|number| ticket(*number)).collect::<TicketSet>();
/// assert_eq!(set(&[1, 2, 3]), set(&[3, 1, 2]));
/// assert_ne!(set(&[1, 2]), set(&[1, 3]), "as many tickets, but others");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TicketSet {
    /// How many tickets it has.
    pub count: u64,
    /// The sum of the tickets' first eight bytes, little endian, modulo 2^64: they are as good as random.
    pub digest: u64,
}

impl TicketSet {
    /// Adds a ticket that is not in the set.
    pub fn add(&mut self, ticket: &TicketHash) {
        let first = ticket.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.count += 1;
        self.digest = self.digest.wrapping_add(first);
    }
}

impl FromIterator<TicketHash> for TicketSet {
    fn from_iter<T: IntoIterator<Item = TicketHash>>(tickets: T) -> Self {
        let mut set = Self::default();
        tickets.into_iter().for_each(|ticket| set.add(&ticket));
        set
    }
}

/// The pool's tickets that are in the lottery or on their way into it, as a daemon knows them at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketSets {
    /// The block up to which the chain was worked through.
    pub block: BlockHash,
    /// Its height.
    pub height: BlockHeight,
    /// Tickets of users that are to be voted.
    pub voted: TicketSet,
    /// Tickets of users that are ignored.
    pub ignored: TicketSet,
    /// How many tickets there are of addresses that no user has, but whose scripts a wallet holds.
    pub others: u64,
}
