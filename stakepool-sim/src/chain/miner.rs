//! Choosing what goes into the next block.

use std::collections::BTreeMap;
use std::sync::Arc;

use stakepool_core::chain::{Amount, BlockHeight, Generation, TicketHash, block_subsidy, sha256};

use super::block::Block;
use super::branch::Branch;
use super::store::Chain;
use super::transactions::{TxKind, coinbase, revocation};
use super::tx::Tx;
use crate::error::SimError;

/// Votes on the block before it that a block needs at least.
pub(crate) const MIN_VOTES: usize = 3;
/// Tickets that a block may hold at most.
const MAX_TICKETS: usize = 20;

impl Chain {
    /// The next block after `branch`. Tickets and payments go into it in the order of the candidates; votes and
    /// revocations, which several programs send at their own time, in an order of their own: the block's hash draws
    /// the next winners, and must not depend on who was faster.
    pub(crate) fn next_block(
        &self,
        branch: &Branch,
        candidates: &[Tx],
        time: u32,
        nonce: u32,
    ) -> Result<Arc<Block>, SimError> {
        let mut header = self.header_after(Some(branch), time);
        header.nonce = nonce;
        let waiting: Vec<&Tx> =
            candidates.iter().filter(|candidate| branch.place_of(&candidate.hash).is_none()).collect();
        let votes = self.votes_for(branch, &waiting);
        if header.height.0 >= self.params.stake_validation_height && votes.len() < MIN_VOTES {
            return Err(SimError::TooFewVotes { height: header.height, have: votes.len(), needed: MIN_VOTES });
        }
        let tickets = self.tickets_for(branch, header.height, header.stake_difficulty, &waiting);
        let revocations = self.revocations_for(branch, &waiting);
        header.voters = votes.len() as u16;
        header.fresh_stake = tickets.len() as u8;
        header.revocations = revocations.len().min(255) as u8;
        header.final_state = final_state(self.winners(&header.previous));
        let mut regular = vec![Tx::from(coinbase(header.height, nonce, self.work_subsidy(header.height, votes.len())))];
        regular.extend(
            waiting
                .iter()
                .filter(|candidate| matches!(candidate.kind, TxKind::Regular))
                .map(|candidate| (*candidate).clone()),
        );
        let stake = [votes, tickets, revocations].concat();
        Ok(Arc::new(Block::seal(header, regular, stake)))
    }

    /// The miner's share of the subsidy, which shrinks with every vote that is missing.
    fn work_subsidy(&self, height: BlockHeight, voters: usize) -> Amount {
        let whole = block_subsidy(&self.params, height).atoms();
        if height.0 <= 1 {
            return Amount::from_atoms(whole);
        }
        let shares = i64::from(self.params.work_reward_proportion + self.params.stake_reward_proportion);
        let work = whole * i64::from(self.params.work_reward_proportion) / shares;
        if height.0 < self.params.stake_validation_height {
            return Amount::from_atoms(work);
        }
        Amount::from_atoms(work * voters as i64 / i64::from(self.params.tickets_per_block))
    }

    fn votes_for(&self, branch: &Branch, waiting: &[&Tx]) -> Vec<Tx> {
        let Some(tip) = branch.tip() else { return Vec::new() };
        let winners = self.winners(&tip.hash);
        one_a_ticket(waiting, |kind| match kind {
            TxKind::Vote { ticket, block, .. } if *block == tip.hash && winners.contains(ticket) => Some(*ticket),
            _ => None,
        })
    }

    fn tickets_for(&self, branch: &Branch, height: BlockHeight, price: Amount, waiting: &[&Tx]) -> Vec<Tx> {
        if height.0 < self.params.stake_enabled_height {
            return Vec::new();
        }
        waiting
            .iter()
            .filter(|candidate| match &candidate.kind {
                TxKind::Ticket(ticket) => ticket.price >= price && !branch.tickets.contains_key(&ticket.hash),
                _ => false,
            })
            .take(MAX_TICKETS)
            .map(|candidate| (*candidate).clone())
            .collect()
    }

    /// Today consensus revokes with the block after the miss; before, somebody had to send the revocation.
    fn revocations_for(&self, branch: &Branch, waiting: &[&Tx]) -> Vec<Tx> {
        let due: Vec<TicketHash> = branch
            .tickets
            .values()
            .filter(|ticket| ticket.missed_at.is_some() && ticket.revoked.is_none())
            .map(|ticket| ticket.submission.hash)
            .collect();
        if self.generation == Generation::Today {
            return due
                .iter()
                .filter_map(|hash| branch.tickets.get(hash))
                .filter_map(|ticket| revocation(&ticket.transaction, self.generation).map(Tx::from))
                .collect();
        }
        one_a_ticket(waiting, |kind| match kind {
            TxKind::Revocation { ticket } if due.contains(ticket) => Some(*ticket),
            _ => None,
        })
    }
}

/// The waiting transactions that `spends` says to spend a ticket, by ticket. Of several for one ticket the one with the
/// lowest hash is taken.
fn one_a_ticket(waiting: &[&Tx], spends: impl Fn(&TxKind) -> Option<TicketHash>) -> Vec<Tx> {
    let mut by_ticket: BTreeMap<TicketHash, &Tx> = BTreeMap::new();
    for candidate in waiting {
        let Some(ticket) = spends(&candidate.kind) else { continue };
        let taken = by_ticket.entry(ticket).or_insert(candidate);
        if candidate.hash < taken.hash {
            *taken = candidate;
        }
    }
    by_ticket.into_values().cloned().collect()
}

/// A digest of the lottery, which nodes compare.
fn final_state(winners: &[TicketHash]) -> [u8; 6] {
    let bytes: Vec<u8> = winners.iter().flat_map(|ticket| *ticket.as_bytes()).collect();
    let [a, b, c, d, e, f, ..] = sha256(&bytes);
    [a, b, c, d, e, f]
}
