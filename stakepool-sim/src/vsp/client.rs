//! The wallet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stakepool_core::chain::{Address, Amount, Network, TicketHash, Transaction, TxHash};
use stakepool_core::ports::Clock;
use stakepool_core::reports::TicketState;
use tokio::time::sleep;

use super::asking::{Pool, signed};
use super::error::VspClientError;
use super::kept::{FeeStage, Kept};
use super::server::VspServer;
use crate::network::{OwnTicket, Shared, State};
use crate::sync::lock;

/// The most that exccwallet pays for a ticket: 0.2 EXCC.
const MOST: Amount = Amount::from_atoms(20_000_000);
/// How often a fee is tried in a call: one that ran out or is no longer good is made anew.
const TRIES: u32 = 3;

/// A wallet of today with a pool configured. Had from [`SimNetwork::vsp_client`](crate::SimNetwork::vsp_client).
pub struct VspClient {
    shared: Arc<Shared>,
    pool: Pool,
    clock: Arc<dyn Clock>,
    tickets: Mutex<BTreeMap<TicketHash, Kept>>,
}

impl VspClient {
    pub(crate) fn new(
        shared: Arc<Shared>,
        server: Box<dyn VspServer>,
        public_key: [u8; 32],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { shared, pool: Pool { server, public_key }, clock, tickets: Mutex::default() }
    }

    /// Buys tickets, once the pool has said that it is there, and registers them. As with real wallets a failure to register is
    /// no failure to buy: [`VspClient::stage`] shows it, and [`VspClient::process`] mends it.
    ///
    /// # Errors
    /// Where the pool does not answer `vspinfo`, or the rules forbid the purchase: nothing is bought then.
    pub async fn purchase(&self, count: u32) -> Result<Vec<TicketHash>, VspClientError> {
        self.pool.info().await?;
        let bought = self.shared.write(|state| state.buy_own_tickets(count))?;
        let hashes: Vec<_> = bought.iter().map(|ticket| ticket.hash).collect();
        lock(&self.tickets).extend(bought.into_iter().map(|ticket| (ticket.hash, Kept::new(ticket))));
        for hash in &hashes {
            if let Err(error) = self.process(hash).await {
                tracing::info!(ticket = %hash, %error, "a ticket was not registered");
            }
        }
        Ok(hashes)
    }

    /// Registers a ticket and pays its fee, as `processunmanagedticket` does.
    ///
    /// # Errors
    /// What the pool refuses or asks too much for.
    pub async fn process(&self, ticket: &TicketHash) -> Result<(), VspClientError> {
        for _ in 1..TRIES {
            match self.pay(ticket).await {
                // The fee is no longer good, or the quote ran out: another one is made.
                Err(VspClientError::Refused { code: 4 | 8, .. }) => self.change(ticket, |kept| kept.payment = None),
                done => return done,
            }
        }
        self.pay(ticket).await
    }

    /// Looks after a ticket until its fee is confirmed, or the ticket has ended: pauses at random, pays the same fee again,
    /// expects to hear that it was received, and then asks for its status; a fee that went wrong is paid anew.
    pub async fn follow(&self, ticket: &TicketHash) {
        while let Some(FeeStage::Unpaid | FeeStage::Paid | FeeStage::Received) = self.stage(ticket) {
            let state = self.state(ticket);
            let pause = lock(&self.tickets).get_mut(ticket).map(|kept| kept.next_pause(state));
            sleep(pause.unwrap_or_default()).await;
            if let Err(error) = self.go_on(ticket).await {
                tracing::info!(%ticket, %error, "a pool does not say that a fee is confirmed");
            }
        }
    }

    /// How far the wallet has come with a ticket's fee; `None` for a ticket that it does not have.
    pub fn stage(&self, ticket: &TicketHash) -> Option<FeeStage> {
        lock(&self.tickets).get(ticket).map(|kept| kept.stage)
    }

    /// The answer of `ticketstatus`.
    ///
    /// # Errors
    /// What the pool refuses.
    pub async fn status(&self, ticket: &TicketHash) -> Result<Value, VspClientError> {
        let own = self.own(ticket)?;
        self.pool.ask("ticketstatus", &own.owner, &json!({"tickethash": ticket})).await
    }

    /// The body and the signature with which the wallet asks for `ticketstatus`, for a program that sends them itself.
    ///
    /// # Errors
    /// [`VspClientError::UnknownTicket`].
    pub fn status_request(&self, ticket: &TicketHash) -> Result<(String, String), VspClientError> {
        let own = self.own(ticket)?;
        Ok(signed(&json!({"tickethash": ticket}), &own.owner))
    }

    async fn go_on(&self, ticket: &TicketHash) -> Result<(), VspClientError> {
        if matches!(self.state(ticket), Some(TicketState::Voted | TicketState::Missed | TicketState::Expired)) {
            self.change(ticket, |kept| kept.stage = FeeStage::Dropped);
            return Ok(());
        }
        if self.stage(ticket) != Some(FeeStage::Received) {
            return self.process(ticket).await;
        }
        let status = self.status(ticket).await?;
        match status["feetxstatus"].as_str() {
            Some("confirmed") => self.change(ticket, |kept| kept.stage = FeeStage::Confirmed),
            Some("received" | "broadcast") => {}
            _ => {
                self.change(ticket, |kept| (kept.stage, kept.payment) = (FeeStage::Unpaid, None));
                self.process(ticket).await?;
            }
        }
        Ok(())
    }

    /// Pays, and heeds what the pool says of it.
    async fn pay(&self, ticket: &TicketHash) -> Result<(), VspClientError> {
        let own = self.own(ticket)?;
        let paid = self.send_payment(&own).await;
        let stage = match &paid {
            Ok(()) => FeeStage::Paid,
            Err(VspClientError::Refused { code: 3, .. }) => FeeStage::Received,
            Err(VspClientError::Refused { code: 7, .. }) => FeeStage::Dropped,
            Err(_) => return paid,
        };
        self.change(ticket, |kept| kept.stage = stage);
        if stage == FeeStage::Received { Ok(()) } else { paid }
    }

    /// Sends the fee that was made for a ticket; one is made where there is none.
    async fn send_payment(&self, own: &OwnTicket) -> Result<(), VspClientError> {
        let made = lock(&self.tickets).get(&own.hash).and_then(|kept| kept.payment.clone());
        let payment = match made {
            Some(made) => made,
            None => self.make_payment(own).await?,
        };
        let request = json!({
            "timestamp": self.clock.now().0,
            "tickethash": own.hash,
            "feetx": hex::encode(payment.encode()),
            "votingkey": own.voting.to_wif(Network::Simnet).expose(),
            "votechoices": {},
            "tspendpolicy": {},
            "treasurypolicy": {},
        });
        self.pool.ask("payfee", &own.owner, &request).await.map(drop)
    }

    /// Asks where a ticket's fee goes and how much it is, and makes the transaction that pays it.
    async fn make_payment(&self, own: &OwnTicket) -> Result<Transaction, VspClientError> {
        let hex_of = |state: &State, hash: &TxHash| state.transaction(hash).map(|found| hex::encode(found.encode()));
        let known = self.shared.read(|state| Some((hex_of(state, &own.hash.into())?, hex_of(state, &own.parent)?)));
        let (ticket, parent) = known.ok_or(VspClientError::UnknownTicket)?;
        let request = json!({
            "timestamp": self.clock.now().0, "tickethash": own.hash, "tickethex": ticket, "parenthex": parent,
        });
        let quote = self.pool.ask("feeaddress", &own.owner, &request).await?;
        let unreadable = |field| VspClientError::Unreadable { command: "feeaddress", field };
        let address = quote["feeaddress"].as_str().and_then(|text| text.parse::<Address>().ok());
        let address = address.ok_or_else(|| unreadable("feeaddress"))?;
        let asked = quote["feeamount"].as_i64().map(Amount::from_atoms).ok_or_else(|| unreadable("feeamount"))?;
        if asked > MOST {
            return Err(VspClientError::TooDear { asked, most: MOST });
        }
        let payment = self.shared.write(|state| state.payment_to(address, asked))?;
        self.change(&own.hash, |kept| kept.payment = Some(payment.clone()));
        Ok(payment)
    }

    fn own(&self, ticket: &TicketHash) -> Result<OwnTicket, VspClientError> {
        lock(&self.tickets).get(ticket).map(|kept| kept.ticket.clone()).ok_or(VspClientError::UnknownTicket)
    }

    fn state(&self, ticket: &TicketHash) -> Option<TicketState> {
        self.shared.read(|state| state.ticket_state(ticket))
    }

    fn change(&self, ticket: &TicketHash, change: impl FnOnce(&mut Kept)) {
        if let Some(kept) = lock(&self.tickets).get_mut(ticket) {
            change(kept);
        }
    }
}
