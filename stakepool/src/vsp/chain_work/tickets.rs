//! Tickets on their way to being confirmed.

use stakepool_core::chain::BlockHeader;
use stakepool_core::ports::{RegisteredTicket, RegisteredWhere, TransactionSubmission};
use stakepool_core::vsp::{FeeEvent, FeeStatus, RecordKind};

use super::error::{Failures, PassError};
use crate::vsp::depth::is_confirmed;
use crate::vsp::passes::Refusals;
use crate::vsp::service::Vsp;

/// For how many blocks a ticket is refused before it counts as one that will never be mined. Until then its parent may come, or a
/// reorganisation may bring back what it spends.
const TRIES: u32 = 144;

impl Vsp {
    /// Notes which tickets are confirmed now, and gives the node those that it has forgotten.
    pub(super) async fn confirm_tickets(&self, best: &BlockHeader, refused: &mut Refusals) -> Result<(), PassError> {
        let unconfirmed = self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::Unconfirmed).await?;
        refused.keep(unconfirmed.iter().map(|ticket| &ticket.registration.ticket));
        let mut failures = Failures::default();
        for ticket in unconfirmed {
            failures.note(self.confirm(ticket, best, refused).await)?;
        }
        failures.end()
    }

    async fn confirm(
        &self,
        mut ticket: RegisteredTicket,
        best: &BlockHeader,
        refused: &mut Refusals,
    ) -> Result<(), PassError> {
        let Some(known) = self.known_to_node(&ticket.transaction.hash()).await? else {
            return self.bring_back(ticket, best, refused).await;
        };
        refused.clear(&ticket.registration.ticket);
        if let Some(mined_at) = known.mined_at.filter(|height| is_confirmed(best.height, *height)) {
            ticket.registration.confirmed_at = Some(mined_at);
            self.keep(&ticket).await?;
        }
        Ok(())
    }

    /// Gives the node a ticket that it has forgotten, while it is sold at its price. Once the price has changed, its wallet has
    /// given it up and pays with its coins for something else, which the ticket would take away. A refusal says little: what
    /// funds the ticket may be on its way.
    async fn bring_back(
        &self,
        ticket: RegisteredTicket,
        best: &BlockHeader,
        refused: &mut Refusals,
    ) -> Result<(), PassError> {
        let hash = ticket.registration.ticket;
        let is_sold = ticket.transaction.outputs.first().is_some_and(|stake| stake.value == best.stake_difficulty);
        let answer = if is_sold {
            self.submit(&ticket.transaction).await?
        } else {
            TransactionSubmission::Refused("the price of tickets has changed".to_owned())
        };
        match answer {
            TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => {
                refused.clear(&hash);
                Ok(())
            }
            answer @ (TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_)) => {
                let blocks = refused.count(hash, best.hash);
                tracing::debug!(ticket = %hash, ?answer, blocks, "the node refuses a registered ticket");
                if blocks < TRIES { Ok(()) } else { self.give_up(ticket).await }
            }
        }
    }

    /// Forgets a ticket that was refused for long, where its owner has paid nothing. One that is paid stays, since its key
    /// and what was signed for it are the owner's only way to a vote; its fee is given up once the coins that buy it are
    /// spent otherwise.
    async fn give_up(&self, ticket: RegisteredTicket) -> Result<(), PassError> {
        let hash = ticket.registration.ticket;
        if !self.is_paid(&ticket).await? {
            if self.parts.stores.vsp_tickets.forget_registered(&hash, ticket.revision).await? {
                tracing::warn!(ticket = %hash, "a registered ticket has vanished unpaid, and is forgotten");
                self.signal().changed();
            }
        } else if ticket.registration.fee == FeeStatus::Received && self.is_spent_otherwise(&ticket).await? {
            tracing::warn!(ticket = %hash, "the coins of a paid ticket were spent otherwise: its fee is not sent");
            self.happened(ticket, FeeEvent::Refused).await?;
        }
        Ok(())
    }

    async fn is_paid(&self, ticket: &RegisteredTicket) -> Result<bool, PassError> {
        if !ticket.registration.fee.is_payable() {
            return Ok(true);
        }
        let records = self.parts.stores.vsp_tickets.records(&ticket.registration.ticket).await?;
        Ok(records.iter().any(|record| record.kind == RecordKind::PayFee))
    }

    /// Whether an output that a ticket spends was mined, and is there no more.
    async fn is_spent_otherwise(&self, ticket: &RegisteredTicket) -> Result<bool, PassError> {
        for input in &ticket.transaction.inputs {
            let parent = self.known_to_node(&input.previous.hash).await?;
            let is_mined = parent.is_some_and(|parent| parent.mined_at.is_some());
            if is_mined && self.parts.node.unspent_output(&input.previous).await?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
