//! `payfee`.

use stakepool_core::chain::Transaction;
use stakepool_core::ports::{RecordChange, RegisteredTicket, TransactionSubmission};
use stakepool_core::vsp::{
    Code, DoneAnswer, Echo, FeeEvent, NotNow, PaidFee, PayFeeRequest, Preferences, RecordKind, SignedAnswer, VspTicket,
};

use super::fault::Fault;
use super::recording::{Signed, others_first};
use super::service::{Request, TRIES, Vsp};

impl Vsp {
    /// Takes a ticket's fee and its voting key. From the moment on at which the node has the fee, the ticket is voted.
    ///
    /// The answer is stored before it goes out, and a ticket takes one payment: whoever is second reads that it is paid.
    pub async fn pay_fee(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.take_fee(request).await;
        self.answer("payfee", done)
    }

    async fn take_fee(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        for _ in 0..TRIES {
            if let Some(answer) = self.try_fee(request).await? {
                return Ok(answer);
            }
            others_first().await;
        }
        Err(Fault::Contended)
    }

    /// Takes the fee of the ticket as it is now; `None` where another change of the ticket was faster. That may be no payment:
    /// only the ticket, read again, says whether it is paid.
    async fn try_fee(&self, request: Request<'_>) -> Result<Option<SignedAnswer>, Fault> {
        self.require_open()?;
        let mut ticket = self.signed_for(request).await?;
        let asked = PayFeeRequest::parse(request.body)?;
        ticket.registration.require_payable()?;
        let mined_at = self.bring_known_ticket(&ticket.transaction).await?;
        self.require_eligible(&ticket.transaction, mined_at).await?;
        let now = self.now();
        ticket.registration.require_quote(now)?;
        let form = VspTicket::from_transaction(&ticket.transaction)?;
        let paid = ticket.registration.check_payment(&asked, &form, self.terms.network, &self.terms.params())?;
        let agendas = self.agendas_for(&asked.preferences).await?;
        let (preferences, notes) = asked.preferences.kept(&agendas, self.terms.vote_version());
        if ticket.registration.confirmed_at.is_none() {
            ticket.registration.confirmed_at = self.confirmed_at(mined_at)?;
        }
        let transaction = paid.payment.transaction.clone();
        if let Err(fault) = self.require_sendable(&transaction).await {
            return Err(self.note_unsendable(ticket, &paid, preferences, fault).await);
        }
        self.note_paid(&mut ticket, &paid, preferences)?;
        let answer = self.seal(200, &DoneAnswer { timestamp: now, request: Echo(request.body) })?;
        let signed = Signed { kind: RecordKind::PayFee, timestamp: asked.timestamp, request, answer: &answer, notes };
        if !self.store_signed(&ticket, signed).await? {
            return Ok(None);
        }
        ticket.revision = ticket.revision.saturating_add(1);
        if ticket.registration.is_fee_due() {
            self.send_fee(ticket, &transaction).await?;
        }
        Ok(Some(answer))
    }

    fn note_paid(&self, ticket: &mut RegisteredTicket, paid: &PaidFee, preferences: Preferences) -> Result<(), Fault> {
        let is_paid = |_: NotNow| Fault::from(Code::FeeAlreadyReceived);
        ticket.registration.pay(paid, preferences).map_err(is_paid)?;
        ticket.voting_key = Some(self.vault.seal_voting_key(&ticket.registration.ticket, &paid.voting_key)?);
        ticket.payment = Some(paid.payment.transaction.clone());
        ticket.fee_since = self.now();
        Ok(())
    }

    /// Keeps a payment that can never be sent as such, so that `ticketstatus` says it and the owner pays again.
    async fn note_unsendable(
        &self,
        mut ticket: RegisteredTicket,
        paid: &PaidFee,
        preferences: Preferences,
        fault: Fault,
    ) -> Fault {
        if !matches!(fault, Fault::Refused(_)) {
            return fault;
        }
        if let Err(other) = self.note_paid(&mut ticket, paid, preferences) {
            return other;
        }
        ticket.payment = None;
        match ticket.registration.fee_happened(FeeEvent::Refused) {
            Ok(()) => match self.store(&ticket).await {
                Ok(_) => fault,
                Err(other) => other,
            },
            Err(_) => fault,
        }
    }

    /// Gives the node the fee of a confirmed ticket. Where the node is away, the work of the next block does it.
    async fn send_fee(&self, mut ticket: RegisteredTicket, payment: &Transaction) -> Result<(), Fault> {
        let refusal = match self.submit(payment).await {
            Ok(TransactionSubmission::Accepted | TransactionSubmission::AlreadyKnown) => None,
            Ok(TransactionSubmission::UnknownOutputs) => Some(Code::CannotBroadcastFeeUnknownOutputs),
            Ok(TransactionSubmission::Refused(reason)) => {
                tracing::warn!(ticket = %ticket.registration.ticket, reason, "the node refuses a fee");
                Some(Code::CannotBroadcastFee)
            }
            Err(error) => {
                tracing::warn!(%error, ticket = %ticket.registration.ticket, "a fee is sent with the next block");
                return Ok(());
            }
        };
        let event = if refusal.is_some() { FeeEvent::Refused } else { FeeEvent::Sent };
        if ticket.registration.fee_happened(event).is_err() {
            return Ok(());
        }
        ticket.fee_since = self.now();
        let mut records = RecordChange::default();
        if refusal.is_some() {
            ticket.payment = None;
            // The answer that was made does not go out, and is no proof of anything.
            let kept = self.parts.stores.vsp_tickets.records(&ticket.registration.ticket).await?;
            records.forgotten = kept.last().filter(|last| last.kind == RecordKind::PayFee).map(|last| last.number);
        }
        // Where another was faster, that was the background work with the same end.
        if self.parts.stores.vsp_tickets.change_registered(&ticket, &records).await? && refusal.is_none() {
            self.signal().changed();
        }
        refusal.map_or(Ok(()), |code| Err(code.into()))
    }
}
