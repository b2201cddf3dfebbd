//! `setvotechoices`.

use stakepool_core::vsp::{DoneAnswer, Echo, RecordKind, SetVoteChoicesRequest, SignedAnswer};

use super::fault::Fault;
use super::recording::{Signed, others_first};
use super::service::{Request, TRIES, Vsp};

impl Vsp {
    /// Sets what a ticket votes. Works whether tickets are taken or not.
    pub async fn set_vote_choices(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.choose(request).await;
        self.answer("setvotechoices", done)
    }

    async fn choose(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        for _ in 0..TRIES {
            let mut ticket = self.signed_for(request).await?;
            ticket.registration.require_choosable()?;
            let asked = SetVoteChoicesRequest::parse(request.body)?;
            let records = self.parts.stores.vsp_tickets.records(&ticket.registration.ticket).await?;
            let choices = records.iter().filter(|record| record.kind.is_choice());
            asked.require_later_than(choices.map(|record| record.timestamp).max())?;
            let agendas = self.agendas_for(&asked.preferences).await?;
            asked.preferences.check(&agendas, self.terms.vote_version())?;
            ticket.registration.preferences.merge(asked.preferences);
            let answer = self.seal(200, &DoneAnswer { timestamp: self.now(), request: Echo(request.body) })?;
            let (kind, timestamp) = (RecordKind::SetVoteChoices, asked.timestamp);
            let signed = Signed { kind, timestamp, request, answer: &answer, notes: Vec::new() };
            if self.store_signed(&ticket, signed).await? {
                self.signal().changed();
                return Ok(answer);
            }
            others_first().await;
        }
        Err(Fault::Contended)
    }
}
