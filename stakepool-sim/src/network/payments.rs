//! Payments from outside: what they spend must be there, unspent and unlocked, and no more may go out than comes in.

use stakepool_core::chain::{Amount, OutPoint, OutputScript, Spends, TxOutput};

use super::mempool::{Mempool, Rejection};
use super::state::State;
use crate::chain::{Chain, Tx};
use crate::sign::unlocks;

impl Mempool {
    /// Whether an ordinary transaction, or one that buys a ticket, may wait to be mined.
    pub(super) fn check_payment(&self, candidate: &Tx, chain: &Chain) -> Result<(), Rejection> {
        let mut incoming = Vec::new();
        for (index, input) in candidate.body.inputs.iter().enumerate() {
            let missing = Rejection::Orphan(input.previous.hash);
            let output = self.output(&input.previous, chain).ok_or_else(|| missing.clone())?;
            if chain.best.spender_of(&input.previous).is_some() {
                return Err(missing);
            }
            let spends_it = |waiting: &&Tx| waiting.body.inputs.iter().any(|other| other.previous == input.previous);
            if let Some(other) = self.candidates().iter().find(spends_it) {
                return Err(Rejection::DoubleSpend(other.hash));
            }
            let locked = OutputScript::parse(&output.script);
            if !locked.is_some_and(|locked| unlocks(&candidate.body, index, Spends::Output, locked)) {
                return Err(Rejection::BadSignature { input: index });
            }
            incoming.push(output.value);
        }
        let incoming = Amount::checked_sum(incoming);
        let outgoing = Amount::checked_sum(candidate.body.outputs.iter().map(|output| output.value));
        match incoming.zip(outgoing) {
            Some((incoming, outgoing)) if Amount::ZERO < incoming && outgoing <= incoming => Ok(()),
            _ => Err(Rejection::SpendsTooMuch),
        }
    }

    /// An output of a transaction that was mined or waits.
    fn output(&self, place: &OutPoint, chain: &Chain) -> Option<TxOutput> {
        let mined = chain.best.transaction(&place.hash).map(|(mined, ..)| mined);
        mined.or_else(|| self.get(&place.hash))?.body.outputs.get(place.index as usize).cloned()
    }
}

impl State {
    /// An output of a transaction that was mined or waits, and its confirmations: 0 while it waits. As for the real programs only
    /// a spender that was mined counts.
    pub(crate) fn unspent_output(&self, place: &OutPoint) -> Option<(TxOutput, u32)> {
        let best = &self.chain.best;
        if best.spender_of(place).is_some() {
            return None;
        }
        let mined_at = best.place_of(&place.hash).map(|place| place.height);
        let confirmations = mined_at.map_or(0, |height| best.height().0 - height.0 + 1);
        self.mempool.output(place, &self.chain).map(|output| (output, confirmations))
    }
}
