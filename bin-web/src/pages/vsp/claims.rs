//! The tickets of wallets of today that a user has claimed.

use serde::Serialize;
use stakepool::owners::{Answered, ClaimedTicket};
use stakepool_core::typed;
use stakepool_core::vsp::RegisteredState;
use warp::http::StatusCode;
use warp::reply::Response;

use super::refused::Refused;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::view::registered::words;
use crate::visit::{Outcome, Visit};

const PATH: &str = "/vsp/claims";

#[derive(Serialize)]
struct Page {
    claims: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    ticket: String,
    /// How the ticket stands.
    state: &'static str,
    claimed: String,
}

impl From<&ClaimedTicket> for Row {
    fn from(claimed: &ClaimedTicket) -> Self {
        let state = claimed.ticket.as_ref().map(|ticket| RegisteredState::from(&ticket.registration));
        Self {
            ticket: claimed.claim.ticket.to_string(),
            state: state.map_or("no longer registered", words),
            claimed: claimed.claim.made.readable(),
        }
    }
}

/// Lists what the user has claimed.
pub async fn show(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    if visit.site.pool.vsp().is_none() {
        return Err(PageError::not_found());
    }
    let claimed = visit.site.pool.claimed_tickets(user.id).await?;
    visit.page("vspclaims.html.tera", StatusCode::OK, &Page { claims: claimed.iter().map(Row::from).collect() })
}

/// Releases a ticket.
pub async fn submit(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    if let Ok(ticket) = typed::hash(visit.form.text("ticket")).parse() {
        visit.site.pool.release_ticket(user, &ticket).await?;
    }
    Ok(visit.done(Flash::TicketReleased, PATH))
}

/// Has a ticket be the user's who signed for it.
pub(super) async fn claim(visit: &Visit, answered: Answered<'_>) -> Result<Response, Refused> {
    let user = visit.need_user()?;
    visit.site.pool.claim_ticket(user, answered, visit.client).await?;
    Ok(visit.done(Flash::TicketClaimed, PATH))
}
