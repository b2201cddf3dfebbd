//! Tickets whose votes or revocations were mined, and what a reorganisation takes back.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHeight, Params, TicketHash, Transaction};
use stakepool_core::ports::{KEYS_KEPT, RegisteredTicket, RegisteredWhere};
use stakepool_core::voting::StakeTransaction;
use stakepool_core::vsp::{FeeEvent, Outcome};

use super::error::{Failures, PassError};
use crate::vsp::fault::Fault;
use crate::vsp::recording::others_first;
use crate::vsp::service::{TRIES, Vsp};

impl Vsp {
    /// Notes which registered tickets end with the stake transactions of a block.
    pub(super) async fn note_ends(&self, height: BlockHeight, block: &[Transaction]) -> Result<(), PassError> {
        let ended: BTreeMap<TicketHash, bool> = block.iter().filter_map(end_of).collect();
        if ended.is_empty() {
            return Ok(());
        }
        let hashes: Vec<_> = ended.keys().copied().collect();
        for ticket in self.parts.stores.vsp_tickets.registered_among(&hashes).await? {
            let hash = ticket.registration.ticket;
            let has_voted = ended.get(&hash).copied().unwrap_or_default();
            let end = |ticket: &mut RegisteredTicket| {
                let mined_at = ticket.registration.confirmed_at;
                let outcome = if has_voted { Outcome::Voted } else { revoked(&self.terms.params(), mined_at, height) };
                ticket.registration.outcome = Some(outcome);
                ticket.ended_at = Some(height);
            };
            self.keep_changed(ticket, end).await?;
            tracing::info!(ticket = %hash, has_voted, %height, "a registered ticket has ended");
        }
        Ok(())
    }

    /// Takes back what was settled in blocks above a height, which left the best chain.
    pub(super) async fn undo(&self, above: BlockHeight) -> Result<(), PassError> {
        for ticket in self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::SettledAbove(above)).await? {
            self.keep_changed(ticket, |ticket| take_back(ticket, above)).await?;
        }
        Ok(())
    }

    /// Deletes the keys of tickets whose end is too deep to come back.
    pub(super) async fn delete_keys(&self, best: BlockHeight, deleted: &mut BlockHeight) -> Result<(), PassError> {
        let until = BlockHeight(best.0.saturating_sub(KEYS_KEPT));
        let deep = RegisteredWhere::KeyKept { above: *deleted, until };
        let mut are_all_deleted = true;
        let mut failures = Failures::default();
        for ticket in self.parts.stores.vsp_tickets.registered_where(deep).await? {
            let done = self.delete_key(ticket).await;
            are_all_deleted &= *done.as_ref().unwrap_or(&false);
            failures.note(done.map(drop))?;
        }
        if are_all_deleted {
            *deleted = until;
        }
        failures.end()
    }

    /// Deletes the keys of a ticket, once the ledger knows its end. Returns whether no other change was faster.
    async fn delete_key(&self, mut ticket: RegisteredTicket) -> Result<bool, PassError> {
        self.settle_in_ledger(&ticket).await?;
        (ticket.voting_key, ticket.payment) = (None, None);
        self.keep(&ticket).await
    }

    /// Changes a ticket and stores it, each time anew where another change was faster: what belongs to a block is done before
    /// the place in the chain goes on, since no later pass looks at the block again.
    async fn keep_changed(
        &self,
        mut ticket: RegisteredTicket,
        change: impl Fn(&mut RegisteredTicket),
    ) -> Result<(), PassError> {
        for _ in 0..TRIES {
            change(&mut ticket);
            if self.keep(&ticket).await? {
                return Ok(());
            }
            others_first().await;
            match self.registered(&ticket.registration.ticket).await? {
                Some(now) => ticket = now,
                None => return Ok(()),
            }
        }
        Err(Fault::Contended.into())
    }

    /// Stores a ticket. Where another change was faster, the next pass comes to the same.
    pub(super) async fn keep(&self, ticket: &RegisteredTicket) -> Result<bool, PassError> {
        let is_kept = self.store(ticket).await?;
        if is_kept {
            self.signal().changed();
        } else {
            self.look_again();
        }
        Ok(is_kept)
    }
}

/// Takes back what was settled of a ticket above a height.
fn take_back(ticket: &mut RegisteredTicket, above: BlockHeight) {
    let is_gone = |height: Option<BlockHeight>| height.is_some_and(|height| height > above);
    let registration = &mut ticket.registration;
    if is_gone(ticket.ended_at) {
        (registration.outcome, ticket.ended_at) = (None, None);
    }
    if is_gone(registration.confirmed_at) {
        registration.confirmed_at = None;
    }
    if is_gone(ticket.fee_mined_at) {
        // What is neither sent nor settled has nothing to be taken back.
        let _ = registration.fee_happened(FeeEvent::Unsettled);
        ticket.fee_mined_at = None;
    }
}

/// Whether a ticket that was revoked at a height was missed or has expired: revocations are mined in the block after either.
pub(in crate::vsp) fn revoked(params: &Params, mined_at: Option<BlockHeight>, height: BlockHeight) -> Outcome {
    let lasts = params.ticket_maturity.saturating_add(params.ticket_expiry);
    match mined_at {
        Some(mined_at) if height.0 < mined_at.0.saturating_add(lasts) => Outcome::Missed,
        Some(_) => Outcome::Expired,
        None => Outcome::Missed,
    }
}

/// The ticket that a transaction ends, and whether it votes.
pub(in crate::vsp) fn end_of(transaction: &Transaction) -> Option<(TicketHash, bool)> {
    match StakeTransaction::read(transaction) {
        StakeTransaction::Vote(ticket) => Some((ticket, true)),
        StakeTransaction::Revocation(ticket) => Some((ticket, false)),
        StakeTransaction::Ticket(_) | StakeTransaction::Other => None,
    }
}
