//! The pool's tickets in short: added up once a change, however often they are asked for.

use std::sync::PoisonError;

use super::engine::Engine;
use super::lottery::Lottery;
use crate::ports::{TicketSet, TicketSets};

/// The pool's tickets in the lottery or on their way into it, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TicketSums {
    /// The state of the lottery of which they are; nothing is added up before the first.
    revision: u64,
    /// Users' tickets that are voted, and that are ignored.
    voted: TicketSet,
    ignored: TicketSet,
    /// The same of addresses that no user of the desired state has.
    others_voted: u64,
    others_ignored: u64,
}

impl Lottery {
    fn ticket_sums(&self) -> TicketSums {
        let mut sums = TicketSums { revision: self.revision, ..TicketSums::default() };
        for (hash, ticket) in self.tickets.iter().filter(|(_, ticket)| ticket.end.is_none()) {
            let is_voted = self.is_voted(hash, ticket);
            match self.users.get(&ticket.script) {
                Some(user) if !user.kept => (if is_voted { &mut sums.voted } else { &mut sums.ignored }).add(hash),
                None if !self.held.contains(&ticket.script) => {}
                Some(_) | None if is_voted => sums.others_voted += 1,
                Some(_) | None => sums.others_ignored += 1,
            }
        }
        sums
    }
}

impl Engine {
    /// Adds the tickets up, where they changed since that was last done.
    fn ticket_sums(&self) -> TicketSums {
        let lottery = self.lottery();
        let mut known = self.ticket_sums.lock().unwrap_or_else(PoisonError::into_inner);
        if known.revision != lottery.revision {
            *known = lottery.ticket_sums();
        }
        *known
    }

    /// How many tickets of the pool are voted and how many ignored, immature ones included.
    pub fn ticket_counts(&self) -> (u64, u64) {
        let sums = self.ticket_sums();
        (sums.voted.count + sums.others_voted, sums.ignored.count + sums.others_ignored)
    }

    /// The tickets in short at the block up to which the chain was worked through. `None` while the daemon catches up, and until
    /// its tickets were compared with the node's.
    pub fn ticket_sets(&self) -> Option<TicketSets> {
        let at = || self.is_compared().then(|| self.synced()).flatten();
        let before = at();
        let TicketSums { voted, ignored, others_voted, others_ignored, .. } = self.ticket_sums();
        // A block that is being worked through meanwhile belongs to neither.
        let (block, height) = before.filter(|before| at() == Some(*before) && self.lottery().tip() == before.1)?;
        Some(TicketSets { block, height, voted, ignored, others: others_voted + others_ignored })
    }
}
