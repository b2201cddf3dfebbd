//! Whether a request is signed by whoever may sign for its ticket, before anything is made of it.

use stakepool_core::chain::TicketHash;
use stakepool_core::vsp::{TicketPackage, authenticate};

use super::service::{Request, Vsp};

impl Vsp {
    /// The ticket of a request that is signed by the ticket's owner, or by the other address that the owner has named.
    /// `None` where it is not, or where that cannot be known: what is asked then says why.
    pub async fn ticket_signed_for(&self, request: Request<'_>) -> Option<TicketHash> {
        if let Ok(ticket) = self.signed_for(request).await {
            return Some(ticket.registration.ticket);
        }
        // One that is not registered yet says itself whose it is.
        let ticket = TicketPackage::parse(request.body).ok()?.ticket;
        authenticate(request.body, request.signature, ticket.owner(self.terms.network), None).ok()?;
        Some(ticket.hash())
    }
}
