//! Whether the votes that were mined follow what their owners had chosen.

use std::collections::BTreeMap;

use stakepool_core::chain::{BlockHeight, TicketHash, VoteBits, VoteTransaction};
use stakepool_core::ports::{NodeError, RegisteredQuery, RegisteredTicket, Slice, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Followed, Outcome, Record, RegisteredState, SignedChoice, follows};

use super::service::Vsp;
use super::vault::VaultError;

/// Tickets that are read at once.
const AT_ONCE: u64 = 500;

/// Why votes cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoteAuditError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node, which has the votes.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A record cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What mined votes look like beside what was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoteAudit {
    /// How many votes are as their owners had chosen.
    pub as_chosen: u64,
    /// The others, and those of which it cannot be said, by height.
    pub others: Vec<AuditedVote>,
}

/// A vote that is not shown to be what was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedVote {
    /// The ticket.
    pub ticket: TicketHash,
    /// The height of the block that should hold the vote.
    pub height: BlockHeight,
    /// What it votes; `None` where the block holds no vote of the ticket.
    pub bits: Option<VoteBits>,
    /// How that compares.
    pub followed: Followed,
}

impl VoteAudit {
    /// How many votes say something else than was chosen.
    pub fn differing(&self) -> usize {
        self.others.iter().filter(|vote| matches!(vote.followed, Followed::No(_))).count()
    }
}

impl Vsp {
    /// Compares every vote that was mined at a height or above with the choices that were in force when it was cast.
    ///
    /// # Errors
    /// [`VoteAuditError`].
    pub async fn audit_votes(&self, from: BlockHeight) -> Result<VoteAudit, VoteAuditError> {
        let query =
            RegisteredQuery { states: vec![RegisteredState::Ended(Outcome::Voted)], ..RegisteredQuery::default() };
        // One that votes meanwhile may shift others into the next part: each counts once.
        let mut voted: BTreeMap<BlockHeight, BTreeMap<String, TicketHash>> = BTreeMap::new();
        let mut offset = 0;
        loop {
            let slice = Slice { offset, limit: AT_ONCE };
            let found = self.parts.stores.vsp_tickets.find_registered(&query, slice).await?;
            let count = found.rows.len() as u64;
            for RegisteredTicket { registration, ended_at, .. } in found.rows {
                if let Some(height) = ended_at.filter(|height| *height >= from) {
                    voted.entry(height).or_default().insert(registration.ticket.to_string(), registration.ticket);
                }
            }
            offset += count;
            if count < AT_ONCE {
                break;
            }
        }
        let mut audit = VoteAudit::default();
        for (height, tickets) in voted {
            self.audit_block(height, tickets.into_values(), &mut audit).await?;
        }
        Ok(audit)
    }

    async fn audit_block(
        &self,
        height: BlockHeight,
        tickets: impl Iterator<Item = TicketHash>,
        audit: &mut VoteAudit,
    ) -> Result<(), VoteAuditError> {
        let node = self.parts.node.as_ref();
        let block = node.block(&node.block_hash(height).await?).await?;
        let mined = UnixTime(i64::from(block.header.time));
        let votes = block.stake_transactions.into_iter().filter_map(|one| VoteTransaction::from_transaction(one).ok());
        let votes: Vec<_> = votes.collect();
        for ticket in tickets {
            let vote = votes.iter().find(|vote| vote.ticket == ticket);
            let followed = match vote {
                Some(vote) => self.compare(vote, mined).await?,
                None => Followed::Unknown("the block holds no vote of the ticket"),
            };
            match followed {
                Followed::Yes => audit.as_chosen += 1,
                followed => {
                    audit.others.push(AuditedVote { ticket, height, bits: vote.map(|vote| vote.bits), followed })
                }
            }
        }
        Ok(())
    }

    /// How a vote compares with what is on record.
    async fn compare(&self, vote: &VoteTransaction, mined: UnixTime) -> Result<Followed, VoteAuditError> {
        let sealed = self.parts.stores.vsp_tickets.records(&vote.ticket).await?;
        let opened = sealed.iter().map(|record| self.vault.record(&vote.ticket, record));
        let records: Vec<Record> = opened.collect::<Result<_, _>>()?;
        let choices: Vec<_> =
            sealed.iter().zip(&records).map(|(sealed, record)| signed_choice(sealed.number, record)).collect();
        let agendas = match vote.version() {
            Some(version) => self.agendas_of(version).await?,
            None => None,
        };
        let followed = follows(vote.bits, mined, &choices, agendas.as_deref());
        Ok(followed.unwrap_or(Followed::Unknown("a record of the ticket cannot be read")))
    }
}

fn signed_choice(number: u32, record: &Record) -> SignedChoice<'_> {
    let Record { kind, request, answer, notes, .. } = record;
    SignedChoice { number, kind: *kind, request, answer, notes }
}
