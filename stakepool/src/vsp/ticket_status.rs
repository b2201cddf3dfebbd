//! `ticketstatus`.

use stakepool_core::vsp::{Echo, SignedAnswer, TicketStatusAnswer};

use super::fault::Fault;
use super::service::{Request, Vsp};

impl Vsp {
    /// Says how a ticket stands. Works whether tickets are taken or not.
    pub async fn ticket_status(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.tell_status(request).await;
        self.answer("ticketstatus", done)
    }

    async fn tell_status(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        let ticket = self.signed_for(request).await?;
        let answer = TicketStatusAnswer::new(self.now(), &ticket.registration, Echo(request.body));
        Ok(self.seal(200, &answer)?)
    }
}
