//! The other stakers: they keep the ticket pool filled and vote for their own winners, so that the chain moves.

use stakepool_core::chain::{
    Amount, BlockHeight, OutPoint, TICKET_INPUT, TicketOutputs, Transaction, TxHash, VoteBits, VoteChoice,
    unsigned_vote,
};

use crate::chain::{Branch, Chain, NewTicket, Purse, Ticket, TxKind, op_true_output, payment, revocation, ticket};
use crate::sign::OP_TRUE_UNLOCK;

/// Tickets that the crowd buys at most in a block.
const MOST_A_BLOCK: usize = 10;
/// The transaction fee of a ticket with one input, in atoms.
const TICKET_FEE: i64 = 33_600;
/// The fee of a payment, in atoms.
const PAYMENT_FEE: i64 = 25_000;

/// The other stakers.
pub(crate) struct Crowd {
    /// Live tickets that they want to have.
    pub wanted: usize,
    /// How many of their winners of each block stay away.
    pub absent: usize,
    purse: Option<Purse>,
    /// Up to where they collected the miners' rewards.
    collected: BlockHeight,
}

impl Crowd {
    /// Stakers who want to have `wanted` live tickets.
    pub(crate) const fn new(wanted: usize) -> Self {
        Self { wanted, absent: 0, purse: None, collected: BlockHeight(0) }
    }

    /// Takes everything that the miners earned and that is mature.
    fn purses(&mut self, chain: &Chain) -> Vec<Purse> {
        let mature = chain.best.height().minus(chain.params.coinbase_maturity);
        let earned = chain.best.blocks().iter().take(mature.0 as usize + 1).skip(self.collected.0 as usize + 1);
        let coinbases = earned.filter_map(|block| {
            let coinbase = block.regular.first()?;
            let value = coinbase.body.outputs.first()?.value;
            let outpoint = OutPoint { hash: coinbase.hash, index: 0, tree: 0 };
            (value > Amount::ZERO).then_some(Purse { outpoint, value, height: block.header.height })
        });
        let all = self.purse.into_iter().chain(coinbases).collect();
        self.collected = self.collected.max(mature);
        all
    }

    /// Pays out of the purse. `None` where there is not enough.
    pub(crate) fn pay(
        &mut self,
        chain: &Chain,
        outputs: &[(stakepool_core::chain::OutputScript, Amount)],
    ) -> Option<Transaction> {
        let before = (self.purse, self.collected);
        let purses = self.purses(chain);
        let mined_at = chain.best.height().plus(1);
        let paid = payment(&purses, outputs, Amount::from_atoms(PAYMENT_FEE), mined_at);
        match paid {
            Some((transaction, left)) => {
                self.purse = Some(left);
                Some(transaction)
            }
            None => {
                (self.purse, self.collected) = before;
                None
            }
        }
    }

    /// The purchases for the next block.
    pub(crate) fn buy<'a>(&mut self, chain: &Chain, waiting: impl Iterator<Item = &'a TxKind>) -> Vec<Transaction> {
        let next = chain.best.height().plus(1);
        if next.0 < chain.params.stake_enabled_height {
            return Vec::new();
        }
        let owned = chain.best.tickets.values().filter(|ticket| is_crowds(ticket) && ticket.is_unspent()).count();
        let coming = waiting
            .filter(|kind| matches!(kind, TxKind::Ticket(submission) if submission.voting == op_true_output()))
            .count();
        let pipeline = (chain.params.tickets_per_block * chain.params.ticket_maturity) as usize;
        let count = (self.wanted + pipeline).saturating_sub(owned + coming).min(MOST_A_BLOCK);
        if count == 0 {
            return Vec::new();
        }
        let price = chain.next_price(&chain.best);
        let amount = Amount::from_atoms(price.atoms() + TICKET_FEE);
        let Some(split) = self.pay(chain, &vec![(op_true_output(), amount); count]) else { return Vec::new() };
        let hash = split.hash();
        let mut bought = vec![split];
        bought.extend((0..count as u32).map(|index| own_ticket(hash, index, amount, price, next)));
        bought
    }

    /// The votes of the crowd on the last block of a branch.
    pub(crate) fn votes(&self, chain: &Chain, branch: &Branch, extended: &[u8]) -> Vec<Transaction> {
        let Some(tip) = branch.tip() else { return Vec::new() };
        let bits = VoteBits::APPROVE;
        let choice = VoteChoice { block: tip.hash, height: tip.header.height, bits, extended_bits: extended };
        chain
            .winners(&tip.hash)
            .iter()
            .filter_map(|winner| branch.tickets.get(winner))
            .filter(|ticket| is_crowds(ticket))
            .skip(self.absent)
            .filter_map(|ticket| {
                let outputs = TicketOutputs::from_transaction(&ticket.transaction).ok()?;
                let mut made = unsigned_vote(&chain.params, chain.generation, &outputs, &choice).ok()?;
                made.inputs[TICKET_INPUT].signature_script = OP_TRUE_UNLOCK.to_vec();
                Some(made)
            })
            .collect()
    }

    /// The revocations that the crowd sends, where consensus does not revoke by itself.
    pub(crate) fn revocations(chain: &Chain) -> Vec<Transaction> {
        chain
            .best
            .tickets
            .values()
            .filter(|ticket| is_crowds(ticket) && ticket.missed_at.is_some() && ticket.revoked.is_none())
            .filter_map(|ticket| {
                let mut made = revocation(&ticket.transaction, chain.generation)?;
                made.inputs[0].signature_script = OP_TRUE_UNLOCK.to_vec();
                Some(made)
            })
            .collect()
    }

    /// Where the crowd's money is.
    pub(crate) const fn purse(&self) -> (Option<Purse>, BlockHeight) {
        (self.purse, self.collected)
    }

    /// Puts the crowd's money back where it was.
    pub(crate) const fn restore_purse(&mut self, purse: Option<Purse>, collected: BlockHeight) {
        self.purse = purse;
        self.collected = collected;
    }
}

/// Whether a ticket belongs to the crowd.
pub(crate) fn is_crowds(ticket: &Ticket) -> bool {
    ticket.submission.voting == op_true_output()
}

fn own_ticket(split: TxHash, index: u32, amount: Amount, price: Amount, funded_at: BlockHeight) -> Transaction {
    ticket(&NewTicket {
        voting: op_true_output(),
        price,
        inputs: vec![(OutPoint { hash: split, index, tree: 0 }, amount, op_true_output())],
        funded_at,
        unlock: OP_TRUE_UNLOCK.to_vec(),
    })
}
