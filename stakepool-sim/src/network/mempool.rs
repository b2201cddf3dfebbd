//! Transactions that wait to be mined.

use std::collections::HashSet;

use stakepool_core::chain::{BlockHash, BlockHeight, Generation, Spends, TicketHash, Transaction, TxHash, TxInput};

use crate::chain::{Branch, Chain, Tx, TxKind};
use crate::sign::unlocks;

/// Blocks after which votes on a block are given up.
const VOTE_AGE: u32 = 6;

/// Why a node refuses a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// No node runs any more: the call was under way when the last one stopped.
    Stopped,
    /// It waits already.
    Duplicate,
    /// It was mined.
    Mined,
    /// Another vote of the ticket on the block waits already.
    AlreadyVotes { ticket: TicketHash, block: BlockHash, height: BlockHeight },
    /// It spends what is not there.
    Orphan(TxHash),
    /// The vote is on a block that nobody knows.
    UnknownBlock(BlockHash),
    /// Its signature is missing or wrong.
    BadSignature { input: usize },
    /// Another transaction that waits spends the same.
    DoubleSpend(TxHash),
    /// More goes out than comes in, or nothing comes in.
    SpendsTooMuch,
}

/// The waiting transactions, in the order of their arrival.
#[derive(Default)]
pub(crate) struct Mempool {
    candidates: Vec<Tx>,
    hashes: HashSet<TxHash>,
    /// Payments and tickets that came from outside: they are dropped once what they spend is gone.
    from_outside: HashSet<TxHash>,
}

impl Mempool {
    /// All waiting transactions.
    pub(crate) fn candidates(&self) -> &[Tx] {
        &self.candidates
    }

    /// A waiting transaction.
    pub(crate) fn get(&self, hash: &TxHash) -> Option<&Tx> {
        self.candidates.iter().find(|candidate| candidate.hash == *hash)
    }

    /// Adds a transaction that needs no check; one that waits already is left where it is.
    pub(crate) fn add(&mut self, transaction: Transaction) {
        let candidate = Tx::from(transaction);
        if self.hashes.insert(candidate.hash) {
            self.candidates.push(candidate);
        }
    }

    /// Loses the votes and revocations.
    pub(crate) fn lose_votes(&mut self) {
        self.candidates.retain(|candidate| matches!(candidate.kind, TxKind::Ticket(_) | TxKind::Regular));
        self.hashes = self.candidates.iter().map(|candidate| candidate.hash).collect();
    }

    /// Puts transactions of blocks that are given up before all others.
    pub(crate) fn put_back(&mut self, transactions: impl IntoIterator<Item = Tx>) {
        let mut first: Vec<Tx> =
            transactions.into_iter().filter(|candidate| self.hashes.insert(candidate.hash)).collect();
        first.append(&mut self.candidates);
        self.candidates = first;
    }

    /// Whether a vote of a ticket on a block waits.
    pub(crate) fn has_vote(&self, voter: &TicketHash, on: &BlockHash) -> bool {
        self.candidates
            .iter()
            .any(|candidate| matches!(candidate.kind, TxKind::Vote { ticket, block, .. } if ticket == *voter && block == *on))
    }

    /// Takes a transaction from outside.
    pub(crate) fn submit(
        &mut self,
        transaction: Transaction,
        chain: &Chain,
        fork: Option<&Branch>,
    ) -> Result<TxHash, Rejection> {
        let candidate = Tx::from(transaction);
        if self.hashes.contains(&candidate.hash) {
            return Err(Rejection::Duplicate);
        }
        if chain.best.place_of(&candidate.hash).is_some() {
            return Err(Rejection::Mined);
        }
        match candidate.kind {
            TxKind::Vote { ticket, block, height, .. } => {
                if chain.block(&block).is_none() {
                    return Err(Rejection::UnknownBlock(block));
                }
                if chain.generation == Generation::Today && self.has_vote(&ticket, &block) {
                    return Err(Rejection::AlreadyVotes { ticket, block, height });
                }
                check_ticket_input(&candidate, 1, ticket, chain, fork)?;
            }
            TxKind::Revocation { ticket } => {
                let due = |ticket: &crate::chain::Ticket| ticket.missed_at.is_some() && ticket.revoked.is_none();
                if !chain.best.tickets.get(&ticket).is_some_and(due) {
                    return Err(Rejection::Orphan(ticket.into()));
                }
                check_ticket_input(&candidate, 0, ticket, chain, fork)?;
            }
            TxKind::Ticket(_) | TxKind::Regular => {
                self.check_payment(&candidate, chain)?;
                self.from_outside.insert(candidate.hash);
            }
        }
        let hash = candidate.hash;
        self.hashes.insert(hash);
        self.candidates.push(candidate);
        Ok(hash)
    }

    /// Drops what was mined and what can no longer be mined.
    pub(crate) fn prune(&mut self, chain: &Chain) {
        let (_, tip) = chain.tip();
        let price = chain.next_price(&chain.best);
        let tickets = &chain.best.tickets;
        let from_outside = std::mem::take(&mut self.from_outside);
        // Those before it in the order of their arrival, on which it may rest.
        let mut waiting = HashSet::new();
        self.candidates.retain(|candidate| {
            let is_there = |input: &TxInput| {
                let from = input.previous.hash;
                let is_known = chain.best.place_of(&from).is_some() || waiting.contains(&from);
                is_known && chain.best.spender_of(&input.previous).is_none()
            };
            let stays = chain.best.place_of(&candidate.hash).is_none()
                && (!from_outside.contains(&candidate.hash) || candidate.body.inputs.iter().all(is_there))
                && match &candidate.kind {
                    TxKind::Regular => true,
                    TxKind::Ticket(ticket) => ticket.price >= price,
                    TxKind::Vote { height, .. } => height.plus(VOTE_AGE) >= tip,
                    TxKind::Revocation { ticket } => {
                        tickets.get(ticket).is_some_and(|ticket| ticket.missed_at.is_some() && ticket.revoked.is_none())
                    }
                };
            if stays {
                waiting.insert(candidate.hash);
            }
            stays
        });
        self.from_outside = from_outside.into_iter().filter(|hash| waiting.contains(hash)).collect();
        self.hashes = self.candidates.iter().map(|candidate| candidate.hash).collect();
    }
}

/// Whether the ticket is there to be spent, and the input may spend it.
fn check_ticket_input(
    candidate: &Tx,
    input: usize,
    ticket: TicketHash,
    chain: &Chain,
    fork: Option<&Branch>,
) -> Result<(), Rejection> {
    let found = [Some(&chain.best), fork]
        .into_iter()
        .flatten()
        .filter_map(|branch| branch.tickets.get(&ticket))
        .find(|ticket| ticket.voted.is_none())
        .ok_or(Rejection::Orphan(ticket.into()))?;
    if unlocks(&candidate.body, input, Spends::Ticket, found.submission.voting) {
        Ok(())
    } else {
        Err(Rejection::BadSignature { input })
    }
}
