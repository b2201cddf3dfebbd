//! Tickets of wallets of today that were missed, with the reason.

use serde::Serialize;
use stakepool::tickets::Cause;
use stakepool_core::ports::{RegisteredQuery, RegisteredTicket, Slice, StoreError};
use stakepool_core::vsp::{Outcome, RegisteredState};

use crate::visit::Visit;

/// A missed ticket.
#[derive(Serialize)]
pub struct Missed {
    ticket: String,
    height: Option<u32>,
    reason: String,
}

/// Those that were missed, the last registered first.
pub async fn missed_by_key(visit: &Visit, limit: u64) -> Result<Vec<Missed>, StoreError> {
    let query = RegisteredQuery { states: vec![RegisteredState::Ended(Outcome::Missed)], text: String::new() };
    let found = visit.site.pool.parts().vsp_tickets.find_registered(&query, Slice { offset: 0, limit }).await?;
    let mut rows = Vec::new();
    for ticket in &found.rows {
        rows.push(Missed {
            ticket: ticket.registration.ticket.to_string(),
            height: ticket.ended_at.map(|height| height.0),
            reason: reason(visit, ticket).await?,
        });
    }
    Ok(rows)
}

/// Why a ticket did not vote, as far as the daemons' records tell.
async fn reason(visit: &Visit, ticket: &RegisteredTicket) -> Result<String, StoreError> {
    if !ticket.registration.fee.is_sent() {
        return Ok("Its fee was not with the node, so the pool owed it no vote.".to_owned());
    }
    let ledger = visit.site.pool.parts().ledger.as_ref();
    Ok(match ledger.ticket(&ticket.registration.ticket).await? {
        Some(report) => Cause::find(ledger, &report).await?.for_operator(),
        None => Cause::NoRecord.for_operator(),
    })
}
