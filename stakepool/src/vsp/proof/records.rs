//! Checking the records of a proof.

use data_encoding::BASE64;
use serde::Deserialize;
use stakepool_core::chain::{Address, Network, PrivateKey};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{
    PayFeeRequest, RecordKind, Refusal, SetAltSignAddrRequest, SetVoteChoicesRequest, VspTicket, authenticate,
    ticket_of, time_of_answer,
};
use zeroize::Zeroizing;

use super::file::ProofRecord;
use crate::vsp::server_key::is_signed_by;

/// Who has signed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The owner.
    Owner,
    /// The other address that the owner has named.
    Alternate,
}

/// A record whose signatures are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRecord {
    /// Its number.
    pub number: u32,
    /// What it is of.
    pub kind: RecordKind,
    /// When the request was made, as it says.
    pub requested: UnixTime,
    /// When it was answered, as the answer says.
    pub answered: UnixTime,
    /// Who has signed it.
    pub signed_by: SignedBy,
    /// What of the request was not taken over, and why, as the server says.
    pub notes: Vec<String>,
}

/// Whose records they must be.
pub(super) struct Parties<'a> {
    pub(super) network: Network,
    pub(super) ticket: &'a VspTicket,
    pub(super) owner: Address,
    /// The other address, as the server says.
    pub(super) alternate: Option<Address>,
    pub(super) server: [u8; 32],
}

/// A record's request and answer.
pub(super) struct Bodies {
    pub(super) request: Zeroizing<Vec<u8>>,
    pub(super) answer: Vec<u8>,
}

impl Bodies {
    /// # Errors
    /// What is wrong, for people.
    pub(super) fn of(record: &ProofRecord) -> Result<Self, String> {
        let decoded =
            |text: &str, what: &str| BASE64.decode(text.as_bytes()).map_err(|_| format!("the {what} is not in base64"));
        Ok(Self {
            request: Zeroizing::new(decoded(&record.request, "request")?),
            answer: decoded(&record.answer, "answer")?,
        })
    }
}

/// What an answer repeats.
#[derive(Deserialize)]
struct Answered {
    request: String,
}

/// Checks one record.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn check(record: &ProofRecord, bodies: &Bodies, parties: &Parties<'_>) -> Result<CheckedRecord, String> {
    let Bodies { request, answer } = bodies;
    let refused = |refusal: Refusal| format!("the request cannot be used: {}", refusal.message);
    if ticket_of(request).map_err(refused)? != parties.ticket.hash() {
        return Err("the request is of another ticket".to_owned());
    }
    let signature = Some(record.requestsignature.as_str());
    let by = |address| authenticate(request, signature, address, None).is_ok();
    let signed_by = if by(parties.owner) {
        SignedBy::Owner
    } else if parties.alternate.is_some_and(by) {
        SignedBy::Alternate
    } else {
        return Err(
            "the request is not signed by the ticket's owner, nor by the address that the owner named".to_owned()
        );
    };
    if !is_signed_by(&parties.server, answer, &record.answersignature) {
        return Err("the answer is not signed by the server".to_owned());
    }
    let answered: Answered =
        serde_json::from_slice(answer).map_err(|_| "the answer repeats no request: it is a refusal".to_owned())?;
    if answered.request != record.request {
        return Err("the answer belongs to another request".to_owned());
    }
    let requested = match record.kind {
        RecordKind::PayFee => {
            let paid = PayFeeRequest::parse(request).map_err(refused)?;
            let key = PrivateKey::from_wif(paid.voting_key.expose(), parties.network);
            if !key.is_ok_and(|key| parties.ticket.is_voted_by(&key)) {
                return Err("the voting key that was handed over is not the ticket's".to_owned());
            }
            paid.timestamp
        }
        RecordKind::SetVoteChoices => SetVoteChoicesRequest::parse(request).map_err(refused)?.timestamp,
        RecordKind::SetAltSignAddr => {
            let named = SetAltSignAddrRequest::parse(request).map_err(refused)?;
            if signed_by != SignedBy::Owner
                || parties.alternate.map(|address| address.to_string()) != Some(named.alternate)
            {
                return Err("the other address that may sign is not the one that the owner has named".to_owned());
            }
            named.timestamp
        }
    };
    if requested != record.timestamp {
        return Err("the request says another time".to_owned());
    }
    let answered = time_of_answer(answer).map_err(refused)?;
    let notes = record.notes.clone();
    Ok(CheckedRecord { number: record.number, kind: record.kind, requested, answered, signed_by, notes })
}
