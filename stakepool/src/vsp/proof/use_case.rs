//! `ticketproof`, and the file that the operator gives away.

use data_encoding::BASE64;
use stakepool_core::chain::{BlockHeight, Inclusion, InclusionError, TicketHash, VoteTransaction};
use stakepool_core::ports::{NodeError, RegisteredTicket, StoreError};
use stakepool_core::vsp::{Outcome, SignedAnswer, require_proof_request};

use super::file::{Proof, ProofRecord, ProofVote};
use crate::vsp::fault::Fault;
use crate::vsp::service::{Request, Vsp};
use crate::vsp::vault::VaultError;

/// Why there is no proof of a ticket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// No wallet has registered it.
    #[error("no wallet has registered a ticket of this hash")]
    Unknown,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node, which has the vote.
    #[error("{0}; a proof of a ticket that has voted needs the node")]
    Node(#[from] NodeError),
    /// A record cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The node's block makes no sense.
    #[error("the block of the vote cannot be used: {0}; look whether the node is in good order")]
    Block(#[from] InclusionError),
    /// It cannot be written down.
    #[error("the proof cannot be written down: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<ProofError> for Fault {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Store(error) => Self::Store(error),
            ProofError::Node(error) => Self::Node(error),
            ProofError::Vault(error) => Self::Vault(error),
            other => Self::Proof(other.to_string()),
        }
    }
}

impl Vsp {
    /// Gives everything that was signed for a ticket to whoever signs for it.
    pub async fn ticket_proof(&self, request: Request<'_>) -> SignedAnswer {
        let done = self.prove(request).await;
        self.answer("ticketproof", done)
    }

    /// The same as a file, for whoever has shown already that it may be given away, and for the operator.
    ///
    /// # Errors
    /// [`ProofError`].
    pub async fn proof_file(&self, ticket: &TicketHash) -> Result<Vec<u8>, ProofError> {
        let ticket = self.registered(ticket).await?.ok_or(ProofError::Unknown)?;
        // The semaphore is never closed; were it, the proof is made all the same.
        let _place = self.proofs.acquire().await.ok();
        Ok(serde_json::to_vec(&self.proof_of(&ticket, &[]).await?)?)
    }

    async fn prove(&self, request: Request<'_>) -> Result<SignedAnswer, Fault> {
        let ticket = self.signed_for(request).await?;
        require_proof_request(request.body, &BASE64.encode(&self.public_key()), self.now())?;
        // The semaphore is never closed; were it, the proof is made all the same.
        let _place = self.proofs.acquire().await.ok();
        let proof = self.proof_of(&ticket, request.body).await?;
        Ok(self.seal(200, &proof)?)
    }

    async fn proof_of(&self, ticket: &RegisteredTicket, request: &[u8]) -> Result<Proof, ProofError> {
        let registration = &ticket.registration;
        let hash = registration.ticket;
        let sealed = self.parts.stores.vsp_tickets.records(&hash).await?;
        let records = sealed.iter().map(|record| {
            let opened = self.vault.record(&hash, record)?;
            Ok::<_, VaultError>(ProofRecord::new(record.number, opened))
        });
        let mut proof = Proof {
            timestamp: self.now(),
            network: self.terms.network,
            tickethash: hash,
            tickethex: hex::encode(ticket.transaction.encode()),
            commitmentaddress: registration.owner.to_string(),
            pubkey: BASE64.encode(&self.public_key()),
            altsignaddress: registration.alternate.map(|address| address.to_string()).unwrap_or_default(),
            records: records.collect::<Result<_, _>>()?,
            outcome: registration.outcome,
            vote: match (registration.outcome, ticket.ended_at) {
                (Some(Outcome::Voted), Some(height)) => self.proof_of_vote(&hash, height).await?,
                _ => None,
            },
            request: BASE64.encode(request),
            signature: String::new(),
        };
        proof.signature = self.signature(&proof.signed_bytes()?);
        Ok(proof)
    }

    /// The vote of a ticket in the block of a height.
    async fn proof_of_vote(&self, ticket: &TicketHash, height: BlockHeight) -> Result<Option<ProofVote>, ProofError> {
        let node = self.parts.node.as_ref();
        let hash = node.block_hash(height).await?;
        let (block, raw) = tokio::try_join!(node.block(&hash), node.raw_block(&hash))?;
        let votes = block.stake_transactions.into_iter().filter_map(|one| VoteTransaction::from_transaction(one).ok());
        let Some(vote) = votes.into_iter().find(|vote| vote.ticket == *ticket) else { return Ok(None) };
        let Some(shown) = Inclusion::of(&raw, &vote.transaction)? else { return Ok(None) };
        let header = shown.check(&vote.transaction)?;
        let voteversion = vote.version().unwrap_or_default();
        let agendas = self.agendas_of(voteversion).await?;
        Ok(Some(ProofVote {
            block: header.hash,
            height,
            hex: hex::encode(vote.transaction.encode()),
            header: hex::encode(&shown.header),
            regularroot: hex::encode(shown.regular_root),
            place: shown.place,
            path: shown.path.iter().map(hex::encode).collect(),
            voteversion,
            agendas: agendas.map(|agendas| agendas.to_vec()),
        }))
    }
}
