//! Fees on their way into the chain.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{RegisteredTicket, RegisteredWhere, TransactionSubmission};
use stakepool_core::vsp::{CONFIRMATIONS, FeeEvent, FeeStatus};

use super::error::PassError;
use super::tickets::depth;
use crate::vsp::service::Vsp;

/// How often a fee is sent, once a block, before it counts as one that the node will never take.
const TRIES: u32 = 3;

impl Vsp {
    /// Sends the fees whose tickets are confirmed.
    pub(super) async fn send_fees(&self, refusals: &mut BTreeMap<TicketHash, u32>) -> Result<(), PassError> {
        let received = self.parts.tickets.registered_where(RegisteredWhere::Fee(FeeStatus::Received)).await?;
        refusals.retain(|hash, _| received.iter().any(|ticket| ticket.registration.ticket == *hash));
        for ticket in received.into_iter().filter(|ticket| ticket.registration.is_fee_due()) {
            let hash = ticket.registration.ticket;
            let submission = match &ticket.payment {
                Some(payment) => self.submit(payment).await?,
                None => TransactionSubmission::Refused("the transaction is not kept".to_owned()),
            };
            match submission {
                TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => {
                    self.happened(ticket, FeeEvent::Sent).await?;
                }
                refused @ (TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_)) => {
                    let tries = refusals.entry(hash).or_default();
                    *tries = tries.saturating_add(1);
                    tracing::warn!(ticket = %hash, ?refused, tries, "the node refuses a fee");
                    if *tries >= TRIES {
                        self.happened(ticket, FeeEvent::Refused).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes which fees are settled now, and which were spent elsewhere.
    pub(super) async fn settle_fees(&self, best: BlockHeight) -> Result<(), PassError> {
        for mut ticket in self.parts.tickets.registered_where(RegisteredWhere::Fee(FeeStatus::Broadcast)).await? {
            let Some(hash) = ticket.registration.fee_transaction else { continue };
            match self.known_to_node(&hash).await? {
                Some(known) => {
                    if let Some(mined_at) = known.mined_at.filter(|height| depth(best, *height) >= CONFIRMATIONS) {
                        ticket.fee_mined_at = Some(mined_at);
                        self.happened(ticket, FeeEvent::Settled).await?;
                    }
                }
                None => self.send_again(ticket).await?,
            }
        }
        Ok(())
    }

    /// Gives the node a fee that it has forgotten. One that it refuses was spent elsewhere: its ticket is voted no more.
    async fn send_again(&self, ticket: RegisteredTicket) -> Result<(), PassError> {
        let is_back = match &ticket.payment {
            Some(payment) => match self.submit(payment).await? {
                TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => true,
                TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_) => false,
            },
            None => false,
        };
        if !is_back {
            tracing::warn!(ticket = %ticket.registration.ticket, "a fee was spent elsewhere: the ticket is not voted");
            self.happened(ticket, FeeEvent::Lost).await?;
        }
        Ok(())
    }

    async fn happened(&self, mut ticket: RegisteredTicket, event: FeeEvent) -> Result<(), PassError> {
        match ticket.registration.fee_happened(event) {
            Ok(()) => {
                ticket.fee_since = self.now();
                self.keep(&ticket).await.map(drop)
            }
            Err(error) => {
                tracing::debug!(%error, "a fee is elsewhere");
                Ok(())
            }
        }
    }
}
