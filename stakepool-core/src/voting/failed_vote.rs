//! The last vote that this daemon did not cast: a problem until it casts one, or until others cast that one and a wallet of
//! its own signs again.

use std::time::Duration;

use super::engine::Engine;
use crate::chain::TicketHash;
use crate::reports::VoteRecord;

/// What it is noted under.
const VOTE: &str = "vote";
/// How long it stays a problem where no later vote is cast.
const FAILURE_STANDS: Duration = Duration::from_secs(3600);

impl Engine {
    /// Notes that this daemon did not cast a vote.
    pub(super) fn vote_failed(&self, record: &VoteRecord, reason: &str) {
        let VoteRecord { ticket, block, height, attempts, .. } = record;
        // Whether the ticket was missed, the block's child says.
        tracing::warn!(
            %ticket, %block, %height, reason, attempts,
            "this daemon cast no vote; another may have"
        );
        // Where a wallet signs, that the vote was none of its faults is a problem that no wallet's return solves.
        *self.failed_vote() = (!self.signs()).then_some(*ticket);
        let what = format!(
            "this daemon did not cast the last vote (ticket {ticket} on block {height}): {reason}; another daemon may have"
        );
        self.happened(VOTE, what, FAILURE_STANDS);
    }

    /// Notes that this daemon cast a vote.
    pub(super) fn vote_cast(&self) {
        *self.failed_vote() = None;
        self.solved(VOTE);
    }

    /// Forgets the vote that failed for want of a wallet, once it is known that another daemon cast it and a wallet signs.
    pub(super) fn look_at_failed_vote(&self) {
        let Some(ticket) = *self.failed_vote() else { return };
        if self.signs() && self.was_voted(&ticket) {
            self.vote_cast();
        }
    }

    fn signs(&self) -> bool {
        self.has_voting_key()
            || (0..self.wallets().len()).any(|wallet| self.wallet_answers(wallet) && self.wallet_signs(wallet))
    }

    fn was_voted(&self, ticket: &TicketHash) -> bool {
        self.lottery().was_voted(ticket)
    }
}
