//! By which terms tickets are judged, and tickets that were judged before any terms were known.
//!
//! A verdict is final, but for one case: a daemon that begins without its state knows only its own configuration until the
//! web tells it what held when each ticket was mined.

use super::lottery::{Lottery, Tracked};
use crate::chain::{Amount, BlockHeight, Hash160, HdKeyError, TicketHash};
use crate::ticket::{Evaluator, TermsHistory, TicketSubmission};

impl Lottery {
    /// Judges a mined ticket whose voting right is a script's.
    pub(super) fn judged(&self, submission: &TicketSubmission, script: Hash160, mined_at: BlockHeight) -> Tracked {
        let facts = self.evaluator.judge(submission, mined_at);
        Tracked {
            script,
            verdict: facts.verdict,
            fee_to: submission.fee_commitment.to,
            price: facts.price,
            committed: facts.committed_fee,
            required: facts.required_fee,
            mined_at,
            end: None,
            revoked: false,
        }
    }

    /// The tickets that were judged by the configuration alone, to be saved.
    pub(super) fn provisional_to_save(&self) -> impl Iterator<Item = (TicketHash, Amount)> {
        self.provisional.iter().map(|(hash, relay_fee)| (*hash, *relay_fee))
    }

    /// Takes the judge for tickets that are learned from now on. Where none had terms before, those that were judged without
    /// are judged once more; all other verdicts stay.
    pub(super) fn set_evaluator(&mut self, evaluator: Evaluator) {
        self.evaluator = evaluator;
        if self.evaluator.history().is_empty() {
            return;
        }
        for (hash, relay_fee) in std::mem::take(&mut self.provisional) {
            let Some(ticket) = self.tickets.get_mut(&hash) else { continue };
            let required = self.evaluator.required(ticket.price, relay_fee, ticket.mined_at);
            let verdict = self.evaluator.verdict(ticket.fee_to, ticket.committed, required, ticket.mined_at);
            if (verdict, required) != (ticket.verdict, ticket.required) {
                (ticket.verdict, ticket.required) = (verdict, required);
                self.changed.insert(hash);
                self.revision += 1;
            }
        }
    }

    /// Judges tickets that are learned from now on by the terms of a history, and those that were judged before any were known
    /// once more. All other verdicts stay. May take a second, where keys are new.
    ///
    /// # Errors
    /// As [`Evaluator::with_history`]; nothing changes then.
    pub fn judge_by(&mut self, terms: &TermsHistory) -> Result<(), HdKeyError> {
        let evaluator = self.evaluator.clone().with_history(terms.clone())?;
        self.set_evaluator(evaluator);
        Ok(())
    }
}
