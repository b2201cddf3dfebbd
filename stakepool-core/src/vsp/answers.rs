//! The answers to wallets, each signed once over exactly the bytes that are sent.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Serialize, Serializer};

use super::fee::Quote;
use super::registration::TicketRegistration;
use crate::chain::Address;
use crate::time::UnixTime;

/// Signs answers by the server's key (Ed25519).
pub trait AnswerSigner: Send + Sync {
    /// The public key, which wallets have configured.
    fn public_key(&self) -> [u8; 32];

    /// The signature of a body.
    fn sign(&self, body: &[u8]) -> [u8; 64];
}

/// The body of a request, which goes back with the answer. Wallets refuse an answer to anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo<'a>(pub &'a [u8]);

impl Serialize for Echo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

/// An answer as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The header `VSP-Server-Signature`.
    pub signature: String,
}

impl SignedAnswer {
    /// Serializes an answer and signs it.
    ///
    /// # Errors
    /// Where it cannot be serialized; none of this module's can fail.
    pub fn seal(status: u16, answer: &impl Serialize, signer: &dyn AnswerSigner) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(answer)?;
        let signature = BASE64.encode(&signer.sign(&body));
        Ok(Self { status, body, signature })
    }
}

/// The answer of `feeaddress`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FeeAddressAnswer<'a> {
    timestamp: UnixTime,
    feeaddress: Address,
    feeamount: i64,
    expiration: UnixTime,
    request: Echo<'a>,
}

impl<'a> FeeAddressAnswer<'a> {
    /// An address and what is to be paid to it.
    pub const fn new(now: UnixTime, address: Address, quote: Quote, request: Echo<'a>) -> Self {
        let (feeamount, expiration) = (quote.amount.atoms(), quote.expires);
        Self { timestamp: now, feeaddress: address, feeamount, expiration, request }
    }
}

/// The answer of `payfee`, `setvotechoices` and `setaltsignaddr`: done.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DoneAnswer<'a> {
    /// When it was done.
    pub timestamp: UnixTime,
    /// The request.
    pub request: Echo<'a>,
}

/// The answer of `ticketstatus`.
#[derive(Clone, Debug, Serialize)]
pub struct TicketStatusAnswer<'a> {
    timestamp: UnixTime,
    ticketconfirmed: bool,
    feetxstatus: &'static str,
    feetxhash: String,
    altsignaddress: String,
    votechoices: &'a BTreeMap<String, String>,
    tspendpolicy: &'a BTreeMap<String, String>,
    treasurypolicy: &'a BTreeMap<String, String>,
    request: Echo<'a>,
}

impl<'a> TicketStatusAnswer<'a> {
    /// How a ticket stands.
    pub fn new(now: UnixTime, ticket: &'a TicketRegistration, request: Echo<'a>) -> Self {
        Self {
            timestamp: now,
            ticketconfirmed: ticket.confirmed_at.is_some(),
            feetxstatus: ticket.fee.name(),
            feetxhash: ticket.fee_transaction.map(|hash| hash.to_string()).unwrap_or_default(),
            altsignaddress: ticket.alternate.map(|address| address.to_string()).unwrap_or_default(),
            votechoices: &ticket.preferences.choices,
            tspendpolicy: &ticket.preferences.spends,
            treasurypolicy: &ticket.preferences.treasury_keys,
            request,
        }
    }
}
