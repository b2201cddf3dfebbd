//! The confirmed fees of wallets of today as CSV, for the books.

use stakepool_core::ports::{RegisteredQuery, RegisteredTicket, Slice};
use stakepool_core::vsp::{FeeStatus, Outcome, RegisteredState};

use super::guard::guard;
use crate::http::respond::csv_file;
use crate::page_error::PageError;
use crate::visit::{Outcome as Answer, Visit};

/// Tickets that are read at once.
const CHUNK: u64 = 5_000;
/// The fields of a line, in their order. None of them holds a comma.
const HEAD: &str = "confirmed,ticket,fee_excc,fee_address,fee_transaction,fee_mined_at_block,outcome\r\n";

/// All confirmed fees, the tickets that registered last first.
pub async fn csv(visit: Visit) -> Answer {
    guard(&visit).await?;
    if visit.site.pool.vsp().is_none() {
        return Err(PageError::not_found());
    }
    let store = &visit.site.pool.parts().vsp_tickets;
    let ended = Outcome::ALL.map(RegisteredState::Ended);
    let states = ended.into_iter().chain([RegisteredState::Open(FeeStatus::Confirmed)]).collect();
    let query = RegisteredQuery { states, text: String::new() };
    let (mut text, mut offset) = (String::from(HEAD), 0);
    loop {
        let found = store.find_registered(&query, Slice { offset, limit: CHUNK }).await?;
        let confirmed = found.rows.iter().filter(|ticket| ticket.registration.fee == FeeStatus::Confirmed);
        confirmed.for_each(|ticket| text.push_str(&line(ticket)));
        offset += CHUNK;
        if offset >= found.total {
            break;
        }
    }
    Ok(csv_file(text, "vspfees.csv"))
}

fn line(ticket: &RegisteredTicket) -> String {
    let registration = &ticket.registration;
    format!(
        "{},{},{},{},{},{},{}\r\n",
        ticket.fee_since.readable(),
        registration.ticket,
        registration.quote.amount,
        registration.fee_address.address,
        registration.fee_transaction.map(|hash| hash.to_string()).unwrap_or_default(),
        ticket.fee_mined_at.map(|height| height.to_string()).unwrap_or_default(),
        registration.outcome.map(Outcome::name).unwrap_or_default(),
    )
}
