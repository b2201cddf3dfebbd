//! Tickets of wallets of today that were missed, with the reason.

use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{RegisteredQuery, RegisteredTicket, Slice, StoreError};
use stakepool_core::vsp::{Outcome, RegisteredState};

use crate::pool::Pool;
use crate::tickets::Cause;

/// A missed ticket of a wallet of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedByKey {
    /// The ticket.
    pub ticket: TicketHash,
    /// The block without its vote, where it is known.
    pub height: Option<BlockHeight>,
    /// Why, as far as the daemons' records say: a sentence for the operator.
    pub reason: String,
}

impl Pool {
    /// The missed tickets of wallets of today, at most `limit`, the last registered first.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not answer.
    pub async fn missed_by_key(&self, limit: u64) -> Result<Vec<MissedByKey>, StoreError> {
        let query = RegisteredQuery { states: vec![RegisteredState::Ended(Outcome::Missed)], text: String::new() };
        let found = self.parts().vsp_tickets.find_registered(&query, Slice { offset: 0, limit }).await?;
        let mut missed = Vec::new();
        for ticket in &found.rows {
            missed.push(MissedByKey {
                ticket: ticket.registration.ticket,
                height: ticket.ended_at,
                reason: self.reason(ticket).await?,
            });
        }
        Ok(missed)
    }

    async fn reason(&self, ticket: &RegisteredTicket) -> Result<String, StoreError> {
        if !ticket.registration.fee.is_sent() {
            return Ok("Its fee was not with the node, so the pool owed it no vote.".to_owned());
        }
        let ledger = self.parts().ledger.as_ref();
        Ok(match ledger.ticket(&ticket.registration.ticket).await? {
            Some(report) => Cause::find(ledger, &report).await?.for_operator(),
            None => Cause::NoRecord.for_operator(),
        })
    }
}
