//! `feeaddress`.

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{RegisteredTicket, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    Code, Echo, FeeAddress, FeeAddressAnswer, FeeAddressRequest, FeeKeyError, Quote, Refusal, SignedAnswer,
    TicketPackage, TicketRegistration, authenticate,
};

use super::condition::RETIRED;
use super::fault::Fault;
use super::recording::others_first;
use super::service::{Request, TRIES, Vsp};

impl Vsp {
    /// Registers a ticket, and says where its fee goes and how much that is. A ticket that is registered keeps its address, and
    /// its quote for an hour.
    pub async fn fee_address(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.quote(request).await;
        self.answer("feeaddress", done)
    }

    async fn quote(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        self.require_open()?;
        let package = TicketPackage::parse(request.body)?;
        let hash = package.ticket.hash();
        let known = self.registered(&hash).await?;
        let alternate = known.as_ref().and_then(|known| known.registration.alternate);
        authenticate(request.body, request.signature, package.ticket.owner(self.terms.network), alternate)?;
        FeeAddressRequest::parse(request.body)?;
        if let Some(known) = &known {
            known.registration.require_payable()?;
        }
        let mined_at = self.bring_ticket(&package).await?;
        self.require_eligible(&package.transaction, mined_at).await?;
        let ticket = match known {
            Some(known) => known,
            None => self.register(&package, mined_at).await?,
        };
        let (address, quote) = self.renewed(ticket, &package).await?;
        let answer = FeeAddressAnswer::new(self.now(), address.address, quote, Echo(request.body));
        Ok(self.seal(200, &answer)?)
    }

    /// Registers a ticket under a new address; of several requests for one ticket the first one counts.
    async fn register(
        &self,
        package: &TicketPackage,
        mined_at: Option<BlockHeight>,
    ) -> Result<RegisteredTicket, Fault> {
        let (hash, now) = (package.ticket.hash(), self.now());
        for _ in 0..TRIES {
            let address = self.give_address().await?;
            let quote = self.new_quote(package, now)?;
            let mut registration = TicketRegistration::new(&package.ticket, self.terms.network, address, quote);
            registration.confirmed_at = self.confirmed_at(mined_at)?;
            let ticket = RegisteredTicket::new(registration, package.transaction.clone(), now);
            if self.parts.stores.vsp_tickets.add_registered(&ticket).await? {
                tracing::info!(ticket = %hash, index = %address.index, "a ticket was registered");
                return Ok(ticket);
            }
            if let Some(known) = self.registered(&hash).await? {
                return Ok(known);
            }
        }
        Err(Fault::Contended)
    }

    /// The address and quote of a registered ticket, with a new quote where the old one ran out.
    async fn renewed(&self, ticket: RegisteredTicket, package: &TicketPackage) -> Result<(FeeAddress, Quote), Fault> {
        let mut ticket = ticket;
        for _ in 0..TRIES {
            let now = self.now();
            if !ticket.registration.quote.is_expired(now) {
                return Ok((ticket.registration.fee_address, ticket.registration.quote));
            }
            ticket.registration.quote = self.new_quote(package, now)?;
            if self.store(&ticket).await? {
                return Ok((ticket.registration.fee_address, ticket.registration.quote));
            }
            others_first().await;
            ticket = self.registered(&ticket.registration.ticket).await?.ok_or(Fault::Contended)?;
            ticket.registration.require_payable()?;
        }
        Err(Fault::Contended)
    }

    fn new_quote(&self, package: &TicketPackage, now: UnixTime) -> Result<Quote, Fault> {
        Ok(self.terms.fee.quote(&self.terms.params(), self.best()?, package.ticket.price(), now))
    }

    /// An address that no instance has given before: its index is kept first. Where a daemon remembers a greater index than the
    /// database has, the database is an older one: what was given since is passed over.
    async fn give_address(&self) -> Result<FeeAddress, Fault> {
        let _turn = self.giving.lock().await;
        for _ in 0..TRIES * 10 {
            let kept = self.parts.stores.fee_keys.fee_key(&self.terms.fee_key).await?;
            let before = kept.ok_or(StoreError::NotFound("fee key"))?;
            let mut after = before;
            if let Some(remembered) = self.remembered_fee_index()
                && after.pass_over(remembered)
            {
                tracing::warn!(
                    database = %before.next(), daemons = %remembered,
                    "the database was restored from a backup: addresses of the fee key that were given since are passed over"
                );
            }
            let given = after.give().map_err(|error| match error {
                FeeKeyError::Retired => Refusal::new(Code::VspClosed, format!("vsp is closed: {RETIRED}")).into(),
                other => Fault::from(other),
            })?;
            if self.parts.stores.fee_keys.change_fee_key(&before, &after).await? {
                return Ok(given);
            }
            others_first().await;
        }
        Err(Fault::Contended)
    }
}
