//! The pool's tickets in short: added up once a change, however often they are asked for.

use std::sync::PoisonError;

use super::engine::Engine;
use super::ticket_sums::TicketSums;
use crate::ports::TicketSets;

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

    /// How many tickets of the pool are in the lottery or on their way into it, whoever's they are.
    pub(super) fn unspent_tickets(&self) -> u64 {
        let (voted, ignored) = self.ticket_counts();
        voted + ignored
    }

    /// How many tickets of the pool are voted and how many ignored, immature ones included.
    pub fn ticket_counts(&self) -> (u64, u64) {
        let sums = self.ticket_sums();
        (sums.voted.count + sums.others_voted, sums.ignored.count + sums.others_ignored)
    }

    /// How many tickets vote by keys of their own and have not ended.
    pub(super) fn key_ticket_count(&self) -> u64 {
        self.ticket_sums().by_own_key
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
