//! Fees on their way into the chain.

use stakepool_core::chain::BlockHeader;
use stakepool_core::ports::{RegisteredTicket, RegisteredWhere, TransactionSubmission};
use stakepool_core::vsp::{FeeEvent, FeeStatus};

use super::error::{Failures, PassError};
use crate::vsp::depth::is_confirmed;
use crate::vsp::passes::Refusals;
use crate::vsp::service::Vsp;

/// For how many blocks a fee is refused before it counts as one that the node will never take.
const TRIES: u32 = 3;

impl Vsp {
    /// Sends the fees whose tickets are confirmed.
    pub(super) async fn send_fees(&self, best: &BlockHeader, refused: &mut Refusals) -> Result<(), PassError> {
        let received =
            self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::Fee(FeeStatus::Received)).await?;
        refused.keep(received.iter().map(|ticket| &ticket.registration.ticket));
        let mut failures = Failures::default();
        for ticket in received.into_iter().filter(|ticket| ticket.registration.is_fee_due()) {
            failures.note(self.send_due(ticket, best, refused).await)?;
        }
        failures.end()
    }

    async fn send_due(
        &self,
        ticket: RegisteredTicket,
        best: &BlockHeader,
        refused: &mut Refusals,
    ) -> Result<(), PassError> {
        let hash = ticket.registration.ticket;
        // After the restoring of a backup the fee may be mined long since: the node would call it an orphan.
        let is_known = match &ticket.registration.fee_transaction {
            Some(fee) => self.known_to_node(fee).await?.is_some(),
            None => false,
        };
        let submission = match &ticket.payment {
            _ if is_known => TransactionSubmission::AlreadyKnown,
            Some(payment) => self.submit(payment).await?,
            None => TransactionSubmission::Refused("the transaction is not kept".to_owned()),
        };
        match submission {
            TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => {
                self.happened(ticket, FeeEvent::Sent).await
            }
            answer @ (TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_)) => {
                let blocks = refused.count(hash, best.hash);
                tracing::warn!(ticket = %hash, ?answer, blocks, "the node refuses a fee");
                if blocks < TRIES { Ok(()) } else { self.happened(ticket, FeeEvent::Refused).await }
            }
        }
    }

    /// Notes which fees are settled now, and which were spent elsewhere.
    pub(super) async fn settle_fees(&self, best: &BlockHeader, lost: &mut Refusals) -> Result<(), PassError> {
        let sent = self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::Fee(FeeStatus::Broadcast)).await?;
        lost.keep(sent.iter().map(|ticket| &ticket.registration.ticket));
        let mut failures = Failures::default();
        for ticket in sent {
            failures.note(self.settle(ticket, best, lost).await)?;
        }
        failures.end()
    }

    async fn settle(
        &self,
        mut ticket: RegisteredTicket,
        best: &BlockHeader,
        lost: &mut Refusals,
    ) -> Result<(), PassError> {
        let Some(hash) = ticket.registration.fee_transaction else { return Ok(()) };
        let Some(known) = self.known_to_node(&hash).await? else { return self.send_again(ticket, best, lost).await };
        lost.clear(&ticket.registration.ticket);
        match known.mined_at.filter(|height| is_confirmed(best.height, *height)) {
            Some(mined_at) => {
                ticket.fee_mined_at = Some(mined_at);
                self.happened(ticket, FeeEvent::Settled).await
            }
            None => Ok(()),
        }
    }

    /// Gives the node a fee that it has forgotten. One that it refuses for some blocks was spent elsewhere: its ticket is voted
    /// no more. A node that has just started refuses fees whose parents have not come back yet.
    async fn send_again(
        &self,
        ticket: RegisteredTicket,
        best: &BlockHeader,
        lost: &mut Refusals,
    ) -> Result<(), PassError> {
        let hash = ticket.registration.ticket;
        let is_back = match &ticket.payment {
            Some(payment) => match self.submit(payment).await? {
                TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown => true,
                TransactionSubmission::UnknownOutputs | TransactionSubmission::Refused(_) => false,
            },
            None => false,
        };
        if is_back {
            lost.clear(&hash);
            return Ok(());
        }
        let blocks = lost.count(hash, best.hash);
        if blocks < TRIES {
            tracing::warn!(ticket = %hash, blocks, "the node has forgotten a fee and refuses it");
            return Ok(());
        }
        tracing::warn!(ticket = %hash, "a fee was spent elsewhere: the ticket is not voted");
        self.happened(ticket, FeeEvent::Lost).await
    }

    pub(super) async fn happened(&self, mut ticket: RegisteredTicket, event: FeeEvent) -> Result<(), PassError> {
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
