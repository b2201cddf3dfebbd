//! A registered ticket, and which requests it takes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fee::{FeePayment, Quote};
use super::fee_key::FeeAddress;
use super::fee_status::{FeeEvent, FeeStatus, NotNow};
use super::preferences::Preferences;
use super::refusal::{Code, Refusal};
use super::requests::PayFeeRequest;
use super::ticket::VspTicket;
use crate::chain::{Address, BlockHeight, Network, Params, PrivateKey, TicketHash, TxHash};
use crate::time::UnixTime;

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Its vote was mined.
    Voted,
    /// It was drawn, and its vote was not mined.
    Missed,
    /// It was never drawn.
    Expired,
    /// One of the two: what older servers have recorded.
    Revoked,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Voted, Self::Missed, Self::Expired, Self::Revoked];

    /// Its text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Voted => "voted",
            Self::Missed => "missed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A registered ticket. Its voting key is kept apart.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketRegistration {
    /// The ticket.
    pub ticket: TicketHash,
    /// The commitment address, whose key signs requests.
    pub owner: Address,
    /// Another address whose key may sign.
    pub alternate: Option<Address>,
    /// Where the fee goes.
    pub fee_address: FeeAddress,
    /// What is asked.
    pub quote: Quote,
    /// Where the ticket was mined, once that counts as settled.
    pub confirmed_at: Option<BlockHeight>,
    /// Where the fee is on its way.
    pub fee: FeeStatus,
    /// The transaction that pays it.
    pub fee_transaction: Option<TxHash>,
    /// What is to be voted.
    pub preferences: Preferences,
    /// How the ticket ended.
    pub outcome: Option<Outcome>,
}

/// What a good `payfee` brings.
#[derive(Debug, PartialEq)]
pub struct PaidFee {
    /// The transaction, to be sent once the ticket is confirmed.
    pub payment: FeePayment,
    /// The key that votes.
    pub voting_key: PrivateKey,
}

impl TicketRegistration {
    /// A ticket that was not known before.
    pub fn new(ticket: &VspTicket, network: Network, fee_address: FeeAddress, quote: Quote) -> Self {
        Self {
            ticket: ticket.hash(),
            owner: ticket.owner(network),
            alternate: None,
            fee_address,
            quote,
            confirmed_at: None,
            fee: FeeStatus::None,
            fee_transaction: None,
            preferences: Preferences::default(),
            outcome: None,
        }
    }

    /// Insists that a fee may be paid.
    ///
    /// # Errors
    /// [`Code::FeeAlreadyReceived`].
    pub fn require_payable(&self) -> Result<(), Refusal> {
        if self.fee.is_payable() { Ok(()) } else { Err(Code::FeeAlreadyReceived.into()) }
    }

    /// Insists that the quote holds.
    ///
    /// # Errors
    /// [`Code::FeeExpired`].
    pub fn require_quote(&self, now: UnixTime) -> Result<(), Refusal> {
        if self.quote.is_expired(now) { Err(Code::FeeExpired.into()) } else { Ok(()) }
    }

    /// Insists that choices can be set.
    ///
    /// # Errors
    /// [`Code::FeeNotReceived`] before the fee, [`Code::TicketCannotVote`] after the ticket's end.
    pub fn require_choosable(&self) -> Result<(), Refusal> {
        match self.outcome {
            _ if self.fee == FeeStatus::None => Err(Code::FeeNotReceived.into()),
            Some(outcome) => {
                let message = format!("ticket not eligible to vote (status={outcome})");
                Err(Refusal::new(Code::TicketCannotVote, message))
            }
            None => Ok(()),
        }
    }

    /// Insists that an alternate address can be set: one that was set is never replaced.
    ///
    /// # Errors
    /// A bad request where there is one.
    pub fn require_no_alternate(&self) -> Result<(), Refusal> {
        match self.alternate {
            Some(_) => Err(Refusal::bad_request("alternate sign address data already exists")),
            None => Ok(()),
        }
    }

    /// Checks what a `payfee` brings, in the order in which wallets know the answers. The caller has insisted that a fee
    /// [may be paid](Self::require_payable), that the ticket may vote, and that the [quote holds](Self::require_quote).
    ///
    /// # Errors
    /// [`Code::InvalidPrivateKey`], [`Code::InvalidFeeTx`], [`Code::FeeTooSmall`].
    pub fn check_payment(
        &self,
        request: &PayFeeRequest,
        ticket: &VspTicket,
        network: Network,
        params: &Params,
    ) -> Result<PaidFee, Refusal> {
        let voting_key = PrivateKey::from_wif(request.voting_key.expose(), network);
        let voting_key = voting_key.map_err(|_| Code::InvalidPrivateKey)?;
        let (address, quoted) = (self.fee_address.address, self.quote.amount);
        let payment = FeePayment::parse(&request.fee_transaction, params, address, quoted)?;
        if !ticket.is_voted_by(&voting_key) {
            let message = "voting address does not match provided private key";
            return Err(Refusal::new(Code::InvalidPrivateKey, message));
        }
        Ok(PaidFee { payment, voting_key })
    }

    /// Notes a payment, with what of the owner's preferences exists.
    ///
    /// # Errors
    /// [`NotNow`] where a fee was paid already.
    pub fn pay(&mut self, paid: &PaidFee, preferences: Preferences) -> Result<(), NotNow> {
        self.fee_happened(FeeEvent::Paid)?;
        self.fee_transaction = Some(paid.payment.hash());
        self.preferences = preferences;
        Ok(())
    }

    /// Notes what happened to the fee.
    ///
    /// # Errors
    /// [`NotNow`] for what cannot happen.
    pub fn fee_happened(&mut self, event: FeeEvent) -> Result<(), NotNow> {
        self.fee = self.fee.after(event)?;
        Ok(())
    }

    /// Whether the fee can be sent now: it has come, and the ticket is confirmed.
    pub fn is_fee_due(&self) -> bool {
        self.fee == FeeStatus::Received && self.confirmed_at.is_some() && self.outcome.is_none()
    }

    /// Whether the ticket is to be voted when it is drawn.
    pub const fn is_to_be_voted(&self) -> bool {
        self.fee.is_sent() && self.outcome.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{AddressKind, Amount, Hash160, KeyIndex};

    fn registration() -> TicketRegistration {
        let address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([7; 20])));
        TicketRegistration {
            ticket: TicketHash::from_bytes([1; 32]),
            owner: address,
            alternate: None,
            fee_address: FeeAddress { index: KeyIndex(1), address },
            quote: Quote { amount: Amount::from_atoms(100), expires: UnixTime(1000) },
            confirmed_at: None,
            fee: FeeStatus::None,
            fee_transaction: None,
            preferences: Preferences::default(),
            outcome: None,
        }
    }

    fn with(fee: FeeStatus, outcome: Option<Outcome>) -> TicketRegistration {
        TicketRegistration { fee, outcome, ..registration() }
    }

    #[test]
    fn choices_wait_for_the_fee_and_end_with_the_ticket() {
        assert_eq!(with(FeeStatus::None, None).require_choosable(), Err(Code::FeeNotReceived.into()));
        for fee in [FeeStatus::Received, FeeStatus::Broadcast, FeeStatus::Confirmed, FeeStatus::Error] {
            assert_eq!(with(fee, None).require_choosable(), Ok(()));
        }
        let refusal = with(FeeStatus::Confirmed, Some(Outcome::Voted)).require_choosable().unwrap_err();
        assert_eq!(
            (refusal.code, &*refusal.message),
            (Code::TicketCannotVote, "ticket not eligible to vote (status=voted)")
        );
    }

    #[test]
    fn a_fee_is_due_once_the_ticket_is_confirmed_and_voted_for_once_it_is_sent() {
        let mut ticket = with(FeeStatus::Received, None);
        assert!(!ticket.is_fee_due());
        ticket.confirmed_at = Some(BlockHeight(164));
        assert!(ticket.is_fee_due() && !ticket.is_to_be_voted());
        ticket.fee_happened(FeeEvent::Sent).unwrap();
        assert!(!ticket.is_fee_due() && ticket.is_to_be_voted());
        ticket.outcome = Some(Outcome::Voted);
        assert!(!ticket.is_to_be_voted());
    }

    #[test]
    fn a_paid_fee_is_not_paid_again_and_a_quote_is_taken_until_it_runs_out() {
        assert_eq!(with(FeeStatus::Received, None).require_payable(), Err(Code::FeeAlreadyReceived.into()));
        assert_eq!(with(FeeStatus::Error, None).require_payable(), Ok(()));
        assert_eq!(registration().require_quote(UnixTime(1000)), Ok(()));
        assert_eq!(registration().require_quote(UnixTime(1001)), Err(Code::FeeExpired.into()));
    }

    #[test]
    fn an_alternate_address_is_set_once() {
        let mut ticket = registration();
        assert_eq!(ticket.require_no_alternate(), Ok(()));
        ticket.alternate = Some(ticket.owner);
        assert_eq!(ticket.require_no_alternate().unwrap_err().message, "alternate sign address data already exists");
    }
}
