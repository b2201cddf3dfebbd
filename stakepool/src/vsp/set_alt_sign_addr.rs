//! `setaltsignaddr`.

use stakepool_core::vsp::{
    Code, DoneAnswer, Echo, RecordKind, SetAltSignAddrRequest, SignedAnswer, TicketPackage, alternate_address,
    authenticate,
};

use super::fault::Fault;
use super::recording::Signed;
use super::service::{Request, Vsp};

impl Vsp {
    /// Names another address whose key may sign for a ticket: once, and never another.
    pub async fn set_alt_sign_addr(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.name_alternate(request).await;
        self.answer("setaltsignaddr", done)
    }

    async fn name_alternate(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        self.require_open()?;
        let package = TicketPackage::parse(request.body)?;
        let owner = package.ticket.owner(self.terms.network);
        let known = self.registered(&package.ticket.hash()).await?;
        let alternate = known.as_ref().and_then(|known| known.registration.alternate);
        authenticate(request.body, request.signature, owner, alternate)?;
        let asked = SetAltSignAddrRequest::parse(request.body)?;
        let mut ticket = known.ok_or(Code::UnknownTicket)?;
        ticket.registration.require_no_alternate()?;
        let named = alternate_address(&asked.alternate, self.terms.network)?;
        let depth = self.bring_ticket(&package).await?;
        self.require_eligible(&package.transaction, depth).await?;
        ticket.registration.alternate = Some(named);
        let answer = self.seal(200, &DoneAnswer { timestamp: self.now(), request: Echo(request.body) })?;
        let (kind, timestamp) = (RecordKind::SetAltSignAddr, asked.timestamp);
        let signed = Signed { kind, timestamp, request, answer: &answer, notes: Vec::new() };
        if self.store_signed(&ticket, signed).await? { Ok(answer) } else { Err(Fault::Contended) }
    }
}
