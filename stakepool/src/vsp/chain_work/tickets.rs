//! Tickets on their way to being confirmed.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{RegisteredTicket, RegisteredWhere, TransactionSubmission};
use stakepool_core::vsp::CONFIRMATIONS;

use super::error::PassError;
use crate::vsp::service::Vsp;

impl Vsp {
    /// Notes which tickets are confirmed now, and forgets those that can never be mined.
    pub(super) async fn confirm_tickets(&self, best: BlockHeight) -> Result<(), PassError> {
        for mut ticket in self.parts.tickets.registered_where(RegisteredWhere::Unconfirmed).await? {
            match self.known_to_node(&ticket.transaction.hash()).await? {
                Some(known) => {
                    let Some(mined_at) = known.mined_at.filter(|height| depth(best, *height) >= CONFIRMATIONS) else {
                        continue;
                    };
                    ticket.registration.confirmed_at = Some(mined_at);
                    self.keep(&ticket).await?;
                }
                None => self.bring_back(&ticket).await?,
            }
        }
        Ok(())
    }

    /// Gives the node a ticket that it has forgotten. One that it refuses was spent otherwise, and comes to nothing.
    async fn bring_back(&self, ticket: &RegisteredTicket) -> Result<(), PassError> {
        let hash = ticket.registration.ticket;
        match self.submit(&ticket.transaction).await? {
            TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => Ok(()),
            refused @ (TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_)) => {
                if self.parts.tickets.forget_registered(&hash, ticket.revision).await? {
                    tracing::warn!(ticket = %hash, ?refused, "a registered ticket has vanished, and is forgotten");
                    self.signal().changed();
                }
                Ok(())
            }
        }
    }
}

/// How deep something is that was mined at a height.
pub(super) const fn depth(best: BlockHeight, mined_at: BlockHeight) -> u32 {
    best.0.saturating_add(1).saturating_sub(mined_at.0)
}
