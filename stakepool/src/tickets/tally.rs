//! The pool's tickets as its own ledger counts them.
//!
//! Wallets count otherwise: to them a ticket that the pool ignores on purpose is live and, once it was drawn, missed.
//! A reader of a page wants to know what became of the tickets that the pool votes.

use stakepool_core::reports::TicketState;

/// How many tickets are in each state. Ignored tickets count apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Mined, and not yet old enough to be drawn.
    pub immature: u64,
    /// Waiting to be drawn.
    pub live: u64,
    /// Whose vote was mined.
    pub voted: u64,
    /// Drawn, but without a vote in the chain.
    pub missed: u64,
    /// Never drawn within their time.
    pub expired: u64,
    /// Of any state, that do not pay the pool's fee and are not voted.
    pub ignored: u64,
}

impl Tally {
    /// Adds up what the ledger counts by state, ignored tickets apart (`true`).
    pub fn of(counts: &[(TicketState, bool, u64)]) -> Self {
        let mut tally = Self::default();
        for (state, ignored, count) in counts {
            let place = match (ignored, state) {
                (true, _) => &mut tally.ignored,
                (false, TicketState::Immature) => &mut tally.immature,
                (false, TicketState::Live) => &mut tally.live,
                (false, TicketState::Voted) => &mut tally.voted,
                (false, TicketState::Missed) => &mut tally.missed,
                (false, TicketState::Expired) => &mut tally.expired,
            };
            *place += count;
        }
        tally
    }

    /// A part of the tickets that were drawn, 0 to 1; 0 where none was.
    pub fn of_drawn(&self, part: u64) -> f64 {
        part as f64 / self.voted.saturating_add(self.missed).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_tickets_are_neither_live_nor_missed() {
        let counts = [
            (TicketState::Live, false, 5),
            (TicketState::Live, true, 2),
            (TicketState::Voted, false, 9),
            (TicketState::Missed, false, 1),
            (TicketState::Missed, true, 3),
        ];
        let tally = Tally::of(&counts);
        assert_eq!(tally, Tally { live: 5, voted: 9, missed: 1, ignored: 5, ..Tally::default() });
        assert!((tally.of_drawn(tally.missed) - 0.1).abs() < 1e-9);
        assert!(Tally::default().of_drawn(0).abs() < 1e-9);
    }
}
