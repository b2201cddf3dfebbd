//! The ends of tickets that vspd has not seen, or of which it has not kept the block.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHeight, Params, TicketHash};
use stakepool_core::ports::{KEYS_KEPT, VspNode};
use stakepool_core::vsp::Outcome;

use super::candidate::Candidate;
use super::error::ImportError;
use super::search::Search;
use crate::vsp::chain_work::{end_of, revoked};

/// The block of a ticket's end, and whether it has voted.
type Ends = BTreeMap<TicketHash, (BlockHeight, bool)>;

/// Looks for the ends of candidates from the lowest block on that one of them needs. `step` is called for each block.
pub(super) async fn find(
    candidates: &[Candidate],
    node: &dyn VspNode,
    best: BlockHeight,
    step: &mut impl FnMut(BlockHeight),
) -> Result<Ends, ImportError> {
    let recent = BlockHeight(best.0.saturating_sub(KEYS_KEPT));
    let from = candidates.iter().filter_map(|candidate| match candidate.search {
        Search::None => None,
        Search::Recent => Some(recent),
        Search::From(height) => Some(height),
    });
    let Some(from) = from.min() else { return Ok(Ends::new()) };
    let mut ends = Ends::new();
    for height in (from.0..=best.0).map(BlockHeight) {
        let block = node.block(&node.block_hash(height).await?).await?;
        for (ticket, has_voted) in block.stake_transactions.iter().filter_map(end_of) {
            ends.insert(ticket, (height, has_voted));
        }
        step(height);
    }
    Ok(ends)
}

/// Notes the end of a candidate, where one was found. What has ended so long ago that no block can take it back needs no key
/// any more.
pub(super) fn note(candidate: &mut Candidate, ends: &Ends, params: &Params) {
    let registration = &mut candidate.ticket.registration;
    match (candidate.search, ends.get(&registration.ticket)) {
        (Search::None, _) => {}
        (_, Some((height, has_voted))) => {
            let of_revocation = match registration.outcome {
                Some(known @ (Outcome::Missed | Outcome::Expired)) => known,
                _ => revoked(params, registration.confirmed_at, *height),
            };
            registration.outcome = Some(if *has_voted { Outcome::Voted } else { of_revocation });
            candidate.ticket.ended_at = Some(*height);
        }
        (Search::Recent, None) => {
            candidate.voting_key = None;
            candidate.ticket.payment = None;
        }
        (Search::From(_), None) => {
            let remark = "it is in the lottery no more, but no block has its vote or revocation";
            candidate.remarks.push(remark.to_owned());
        }
    }
}
