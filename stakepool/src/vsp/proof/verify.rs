//! Checking a proof on a machine without the pool.

use data_encoding::BASE64;
use stakepool_core::chain::{Address, Network, TicketHash, Transaction};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Outcome, RecordKind, SignedChoice, VspTicket, alternate_address};

use super::file::{Proof, ProofRecord};
use super::records::{self, Bodies, CheckedRecord, Parties, SignedBy};
use super::vote::{self, CheckedVote};
use crate::vsp::server_key::is_signed_by;

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproven {
    /// It is something else.
    #[error("this is no proof of a ticket: {0}")]
    NotAProof(String),
    /// It is written otherwise than a pool writes it.
    #[error("the file was changed: it is not written as a pool writes a proof")]
    Rewritten,
    /// The server has not signed it so.
    #[error("the file was changed, or is not by the server that it names: its signature does not fit")]
    Signature,
    /// Something of the ticket.
    #[error("the ticket does not fit: {0}")]
    Ticket(&'static str),
    /// A record.
    #[error("record {number} does not hold: {reason}")]
    Record {
        /// Its number.
        number: u32,
        /// Why.
        reason: String,
    },
    /// A record of the other address, which only the server says that the owner has named.
    #[error("record {number} does not hold: before it there is no record in which the owner names the other address")]
    NotNamed {
        /// Its number.
        number: u32,
    },
    /// The vote.
    #[error("the vote does not hold: {0}")]
    Vote(String),
}

/// What a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When it was made.
    pub made: UnixTime,
    /// The network.
    pub network: Network,
    /// The ticket.
    pub ticket: TicketHash,
    /// Its owner.
    pub owner: Address,
    /// Another address whose key may sign.
    pub alternate: Option<Address>,
    /// The server's public key. Compare it with the one that the wallet has configured: a proof by another key is another's word.
    pub public_key: [u8; 32],
    /// The records, all of which hold.
    pub records: Vec<CheckedRecord>,
    /// How the ticket ended, as the server says.
    pub outcome: Option<Outcome>,
    /// The vote, which is in its block.
    pub vote: Option<CheckedVote>,
}

/// Checks a proof: the server's signature of all of it, both signatures of each record, that each answer belongs to its request,
/// that the vote is the ticket's and in its block, and what was chosen.
///
/// # Errors
/// [`Unproven`] for the first thing that does not hold. A vote of something else than was chosen is no error of the proof:
/// [`CheckedVote::followed`] says it.
pub fn verify_proof(file: &[u8]) -> Result<Checked, Unproven> {
    let written = file.strip_suffix(b"\n").unwrap_or(file);
    let not_a_proof = |error: serde_json::Error| Unproven::NotAProof(place_of(&error));
    let proof: Proof = serde_json::from_slice(written).map_err(not_a_proof)?;
    if serde_json::to_vec(&proof).map_err(not_a_proof)? != written {
        return Err(Unproven::Rewritten);
    }
    let key = BASE64.decode(proof.pubkey.as_bytes()).ok().and_then(|key| <[u8; 32]>::try_from(key).ok());
    let server = key.ok_or(Unproven::Signature)?;
    if !is_signed_by(&server, &proof.signed_bytes().map_err(not_a_proof)?, &proof.signature) {
        return Err(Unproven::Signature);
    }
    let network = proof.network;
    let ticket = ticket(&proof)?;
    let owner = ticket.owner(network);
    if owner.to_string() != proof.commitmentaddress {
        return Err(Unproven::Ticket("it commits to another address"));
    }
    let alternate = match proof.altsignaddress.as_str() {
        "" => None,
        text => Some(
            alternate_address(text, network)
                .map_err(|_| Unproven::Ticket("the other address that may sign is none"))?,
        ),
    };
    let parties = Parties { network, ticket: &ticket, owner, alternate, server };
    let (records, bodies) = checked_records(&proof, &parties)?;
    let vote = match &proof.vote {
        None => None,
        Some(_) if proof.outcome != Some(Outcome::Voted) => {
            return Err(Unproven::Vote("the ticket has not voted".to_owned()));
        }
        Some(vote) => {
            let choices: Vec<_> = proof.records.iter().zip(&bodies).map(signed_choice).collect();
            Some(vote::check(vote, &ticket, &choices).map_err(Unproven::Vote)?)
        }
    };
    Ok(Checked {
        made: proof.timestamp,
        network,
        ticket: ticket.hash(),
        owner,
        alternate,
        public_key: server,
        records,
        outcome: proof.outcome,
        vote,
    })
}

fn ticket(proof: &Proof) -> Result<VspTicket, Unproven> {
    let transaction = Transaction::decode_hex(&proof.tickethex);
    let transaction = transaction.map_err(|_| Unproven::Ticket("its transaction cannot be decoded"))?;
    let ticket = VspTicket::from_transaction(&transaction)
        .map_err(|_| Unproven::Ticket("its transaction is no ticket that can be registered"))?;
    if ticket.hash() == proof.tickethash { Ok(ticket) } else { Err(Unproven::Ticket("its hash is another one")) }
}

fn checked_records(proof: &Proof, parties: &Parties<'_>) -> Result<(Vec<CheckedRecord>, Vec<Bodies>), Unproven> {
    let mut last = None;
    let mut is_named = false;
    let mut checked = Vec::new();
    let mut all = Vec::new();
    for record in &proof.records {
        let failed = |reason: String| Unproven::Record { number: record.number, reason };
        if last.is_some_and(|last| last >= record.number) {
            return Err(failed("records are not in their order".to_owned()));
        }
        last = Some(record.number);
        let bodies = Bodies::of(record).map_err(failed)?;
        let holds = records::check(record, &bodies, parties).map_err(failed)?;
        // The owner has signed a record that names the address, or it would not hold.
        is_named |= holds.kind == RecordKind::SetAltSignAddr;
        if holds.signed_by == SignedBy::Alternate && !is_named {
            return Err(Unproven::NotNamed { number: record.number });
        }
        checked.push(holds);
        all.push(bodies);
    }
    Ok((checked, all))
}

fn signed_choice<'a>((record, bodies): (&'a ProofRecord, &'a Bodies)) -> SignedChoice<'a> {
    let Bodies { request, answer } = bodies;
    SignedChoice { number: record.number, kind: record.kind, request, answer, notes: &record.notes }
}

/// Where a text is no proof. What stands there may be a key, and is not repeated.
fn place_of(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}
