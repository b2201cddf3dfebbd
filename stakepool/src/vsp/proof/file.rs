//! A proof as it is written down.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use stakepool_core::agenda::Agenda;
use stakepool_core::chain::{BlockHash, BlockHeight, Network, TicketHash, VoteVersion};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Outcome, Record, RecordKind};

/// Everything that was signed for a ticket, and its end. It holds the voting key, as the owner has sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When this was put together.
    pub timestamp: UnixTime,
    /// The network.
    pub network: Network,
    /// The ticket.
    pub tickethash: TicketHash,
    /// The ticket's transaction in hexadecimal, which names the owner.
    pub tickethex: String,
    /// The owner: the address that the ticket commits to.
    pub commitmentaddress: String,
    /// The server's public key in base64.
    pub pubkey: String,
    /// Another address whose key may sign, or empty.
    pub altsignaddress: String,
    /// The records, the oldest first.
    pub records: Vec<ProofRecord>,
    /// How the ticket ended.
    pub outcome: Option<Outcome>,
    /// Its vote, where it is mined.
    pub vote: Option<ProofVote>,
    /// The body of the request in base64; empty where the operator has made this.
    pub request: String,
    /// The server's signature in base64 of all that stands here, with nothing in the place of this signature.
    pub signature: String,
}

/// A record. What was signed is in base64, as are the signatures.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// Its number among those of the ticket. One that is missing is not kept any more.
    pub number: u32,
    /// What it is of.
    pub kind: RecordKind,
    /// The time that the request says.
    pub timestamp: UnixTime,
    /// The body of the request. That of a `payfee` holds the voting key.
    pub request: String,
    /// The client's signature of it.
    pub requestsignature: String,
    /// The body of the answer.
    pub answer: String,
    /// The server's signature of it.
    pub answersignature: String,
    /// What of the request was not taken over, and why.
    pub notes: Vec<String>,
}

impl std::fmt::Debug for ProofRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProofRecord").field("number", &self.number).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl ProofRecord {
    /// A record under its number.
    pub(super) fn new(number: u32, record: Record) -> Self {
        Self {
            number,
            kind: record.kind,
            timestamp: record.timestamp,
            request: BASE64.encode(&record.request),
            requestsignature: record.request_signature,
            answer: BASE64.encode(&record.answer),
            answersignature: record.answer_signature,
            notes: record.notes,
        }
    }
}

/// A mined vote, with what shows that its block holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofVote {
    /// The block that it is in.
    pub block: BlockHash,
    /// The height of that.
    pub height: BlockHeight,
    /// The vote's transaction in hexadecimal.
    pub hex: String,
    /// The block's header in hexadecimal.
    pub header: String,
    /// The root of the block's regular transactions in hexadecimal.
    pub regularroot: String,
    /// The place of the vote among the block's stake transactions.
    pub place: u32,
    /// The hashes in hexadecimal with which that of the vote is joined, up to the root of the stake transactions.
    pub path: Vec<String>,
    /// The version of the agendas.
    pub voteversion: VoteVersion,
    /// What could be voted on; null where that was never reported.
    pub agendas: Option<Vec<Agenda>>,
}

impl Proof {
    /// The bytes that the server signs.
    ///
    /// # Errors
    /// Where it cannot be serialized, which does not happen.
    pub(super) fn signed_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Self { signature: String::new(), ..self.clone() })
    }
}
