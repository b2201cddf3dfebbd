//! Changes of a registered ticket, with what was signed for them.

use std::time::Duration;

use stakepool_core::ports::{RecordChange, RegisteredTicket};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Record, RecordKind, SignedAnswer, surplus};
use tokio::time::sleep;

use super::fault::Fault;
use super::service::{Request, Vsp};

/// The pause before a change is tried again that another came before: the other one has the database.
const PAUSE: Duration = Duration::from_millis(20);

/// What a change is of.
pub(super) struct Signed<'a> {
    pub(super) kind: RecordKind,
    /// The time that the request says.
    pub(super) timestamp: UnixTime,
    pub(super) request: Request<'a>,
    pub(super) answer: &'a SignedAnswer,
    /// What of the request was not taken over, and why.
    pub(super) notes: Vec<String>,
}

impl Vsp {
    /// Stores a changed ticket together with the record of the change. False where another change was faster.
    pub(super) async fn store_signed(&self, ticket: &RegisteredTicket, signed: Signed<'_>) -> Result<bool, Fault> {
        let hash = ticket.registration.ticket;
        let kept = self.parts.stores.vsp_tickets.records(&hash).await?;
        let number = kept.last().map_or(0, |last| last.number.saturating_add(1));
        let record = Record {
            kind: signed.kind,
            timestamp: signed.timestamp,
            request: signed.request.body.to_vec(),
            request_signature: signed.request.signature.unwrap_or_default().to_owned(),
            answer: signed.answer.body.clone(),
            answer_signature: signed.answer.signature.clone(),
            notes: signed.notes,
        };
        let kinds: Vec<_> = kept.iter().map(|record| record.kind).chain([signed.kind]).collect();
        let forgotten = surplus(kinds.into_iter()).and_then(|place| kept.get(place)).map(|record| record.number);
        let added = Some(self.vault.seal_record(&hash, number, &record)?);
        Ok(self.parts.stores.vsp_tickets.change_registered(ticket, &RecordChange { added, forgotten }).await?)
    }

    /// Stores a changed ticket. False where another change was faster.
    pub(super) async fn store(&self, ticket: &RegisteredTicket) -> Result<bool, Fault> {
        Ok(self.parts.stores.vsp_tickets.change_registered(ticket, &RecordChange::default()).await?)
    }
}

/// Waits a little before a change is tried again.
pub(super) async fn others_first() {
    sleep(PAUSE).await;
}
