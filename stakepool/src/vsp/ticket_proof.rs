//! `ticketproof`: what was signed on both sides for a ticket, and how it was voted.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use stakepool_core::chain::{BlockHash, BlockHeight, TicketHash, VoteTransaction};
use stakepool_core::ports::RegisteredTicket;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Outcome, Record, RecordKind, SignedAnswer};

use super::fault::Fault;
use super::service::{Request, Vsp};

/// Everything that was signed for a ticket, and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When this was put together.
    pub timestamp: UnixTime,
    /// The ticket.
    pub tickethash: TicketHash,
    /// The ticket's transaction in hexadecimal, which names the owner.
    pub tickethex: String,
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
    /// The body of the request in base64.
    pub request: String,
}

/// A record. What was signed is in base64, as are the signatures.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
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
        f.debug_struct("ProofRecord").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl From<Record> for ProofRecord {
    fn from(record: Record) -> Self {
        Self {
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

/// A mined vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofVote {
    /// The block that it is in.
    pub block: BlockHash,
    /// The height of that.
    pub height: BlockHeight,
    /// The vote's transaction in hexadecimal.
    pub hex: String,
}

impl Vsp {
    /// Gives everything that was signed for a ticket to whoever signs for it.
    pub async fn ticket_proof(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.prove(request).await;
        self.answer("ticketproof", done)
    }

    async fn prove(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        let ticket = self.signed_for(request).await?;
        // The semaphore is never closed; were it, the proof is made all the same.
        let _place = self.proofs.acquire().await.ok();
        let proof = Proof { request: BASE64.encode(request.body), ..self.proof_of(&ticket).await? };
        Ok(self.seal(200, &proof)?)
    }

    async fn proof_of(&self, ticket: &RegisteredTicket) -> Result<Proof, Fault> {
        let registration = &ticket.registration;
        let hash = registration.ticket;
        let records = self.parts.stores.vsp_tickets.records(&hash).await?;
        let records = records.iter().map(|record| self.vault.record(&hash, record).map(ProofRecord::from));
        Ok(Proof {
            timestamp: self.now(),
            tickethash: hash,
            tickethex: hex::encode(ticket.transaction.encode()),
            pubkey: BASE64.encode(&self.public_key()),
            altsignaddress: registration.alternate.map(|address| address.to_string()).unwrap_or_default(),
            records: records.collect::<Result<_, _>>()?,
            outcome: registration.outcome,
            vote: match (registration.outcome, ticket.ended_at) {
                (Some(Outcome::Voted), Some(height)) => self.vote_at(&hash, height).await?,
                _ => None,
            },
            request: String::new(),
        })
    }

    /// The vote of a ticket in the block of a height.
    async fn vote_at(&self, ticket: &TicketHash, height: BlockHeight) -> Result<Option<ProofVote>, Fault> {
        let node = self.parts.node.as_ref();
        let block = node.block(&node.block_hash(height).await?).await?;
        let is_it = |vote: &VoteTransaction| vote.ticket == *ticket;
        let votes =
            block.stake_transactions.into_iter().filter_map(|found| VoteTransaction::from_transaction(found).ok());
        let vote = votes.into_iter().find(is_it);
        let block = block.header.hash;
        Ok(vote.map(|vote| ProofVote { block, height, hex: hex::encode(vote.transaction.encode()) }))
    }
}
