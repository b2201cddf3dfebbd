//! The pool's tickets, added up.

use super::lottery::Lottery;
use crate::chain::TicketHash;
use crate::ports::TicketSet;

/// The pool's tickets in the lottery or on their way into it, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TicketSums {
    /// The state of the lottery of which they are; nothing is added up before the first.
    pub(super) revision: u64,
    /// Users' tickets that are voted, and that are ignored.
    pub(super) voted: TicketSet,
    pub(super) ignored: TicketSet,
    /// The same of addresses that no user of the desired state has.
    pub(super) others_voted: u64,
    pub(super) others_ignored: u64,
    /// Tickets that vote by keys of their own.
    pub(super) by_own_key: u64,
}

impl Lottery {
    /// Whether a ticket is one of the pool's in the lottery or on its way into it.
    pub(super) fn is_unspent(&self, hash: &TicketHash) -> bool {
        self.tickets.get(hash).is_some_and(|ticket| ticket.end.is_none() && self.is_pools(&ticket.script))
    }

    pub(super) fn ticket_sums(&self) -> TicketSums {
        let mut sums = TicketSums { revision: self.revision, ..TicketSums::default() };
        for (hash, ticket) in self.tickets.iter().filter(|(_, ticket)| ticket.end.is_none()) {
            let is_voted = self.is_voted(hash, ticket);
            match self.users.get(&ticket.script) {
                Some(user) if !user.kept => (if is_voted { &mut sums.voted } else { &mut sums.ignored }).add(hash),
                None if !self.held.contains(&ticket.script) => sums.by_own_key += u64::from(self.has_key(hash)),
                Some(_) | None if is_voted => sums.others_voted += 1,
                Some(_) | None => sums.others_ignored += 1,
            }
        }
        sums
    }
}
