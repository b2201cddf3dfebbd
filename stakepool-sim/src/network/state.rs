//! The whole network behind one lock: the chain, the waiting transactions, the stakers and the wallets.

use std::collections::BTreeSet;
use std::sync::Arc;

use stakepool_core::chain::{
    BlockHash, BlockHeight, ExtendedPubKey, Generation, TicketHash, Transaction, TxHash, VoteBits, VoteChoice,
    VoteVersion,
};
use stakepool_core::reports::TicketState;

use super::crowd::{Crowd, is_crowds};
use super::mempool::{Mempool, Rejection};
use super::notes::{Note, Subscribers};
use crate::chain::{Block, Branch, Chain, Effects};
use crate::error::SimError;
use crate::wallet::Wallet;

/// When blocks are said to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Each block a target time after the one before it, so that runs repeat exactly.
    Stepped,
    /// By the clock on the wall.
    Wall,
}

/// A branch that is about to become the best.
pub(crate) struct Fork {
    pub branch: Branch,
    /// The height of the last common block.
    pub base: BlockHeight,
    pub added: Vec<(Arc<Block>, Effects)>,
}

/// The network.
pub(crate) struct State {
    pub chain: Chain,
    pub mempool: Mempool,
    pub crowd: Crowd,
    /// The voting wallets, and last the buyer's.
    pub wallets: Vec<Wallet>,
    pub subscribers: Subscribers,
    pub fork: Option<Fork>,
    pub clock: Clock,
    pub cold_wallet: ExtendedPubKey,
    /// The cold wallet's account for the fees of wallets of today.
    pub vsp_account: ExtendedPubKey,
    /// How many blocks were made so far: keeps blocks of the same height apart.
    pub(super) nonce: u32,
    /// The nodes that run.
    running: BTreeSet<usize>,
}

impl State {
    /// A network that consists of the genesis block.
    pub(crate) fn new(
        chain: Chain,
        crowd: Crowd,
        wallets: Vec<Wallet>,
        (cold_wallet, vsp_account): (ExtendedPubKey, ExtendedPubKey),
    ) -> Self {
        Self {
            chain,
            mempool: Mempool::default(),
            crowd,
            wallets,
            subscribers: Subscribers::default(),
            fork: None,
            clock: Clock::Stepped,
            cold_wallet,
            vsp_account,
            nonce: 0,
            running: BTreeSet::new(),
        }
    }

    /// The version of votes, which the generation decides.
    pub(crate) const fn vote_version(&self) -> VoteVersion {
        match self.chain.generation {
            Generation::Today => VoteVersion(11),
            Generation::Legacy => VoteVersion(6),
        }
    }

    fn next_time(&self, branch: &Branch) -> u32 {
        let last = branch.tip().map_or(0, |tip| tip.header.time);
        let step = self.chain.params.target_time_per_block.as_secs().max(1) as u32;
        match self.clock {
            Clock::Stepped => last.saturating_add(step),
            Clock::Wall => {
                let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
                u32::try_from(now).unwrap_or(u32::MAX).max(last.saturating_add(1))
            }
        }
    }

    /// The block after a branch. Only one that is made uses up its nonce: how often mining was tried leaves no trace.
    pub(super) fn next_block(&self, branch: &Branch) -> Result<Arc<Block>, SimError> {
        let nonce = self.nonce.wrapping_add(1);
        self.chain.next_block(branch, self.mempool.candidates(), self.next_time(branch), nonce)
    }

    /// Mines one block on the best chain.
    pub(crate) fn mine(&mut self) -> Result<BlockHash, SimError> {
        let block = self.next_block(&self.chain.best)?;
        self.nonce = block.header.nonce;
        let effects = self.chain.connect_best(&block);
        let mut notes = self.joined(&block, &effects);
        notes.extend(self.winners_of(&block));
        self.subscribers.report(&notes);
        self.after_change();
        Ok(block.hash)
    }

    /// Shows the wallets a block that joined the best chain, and makes the notifications of it.
    pub(super) fn joined(&mut self, block: &Arc<Block>, effects: &Effects) -> Vec<Note> {
        for wallet in &mut self.wallets {
            wallet.learn(block);
        }
        let stake = block.header.height.0 >= self.chain.params.stake_enabled_height;
        let price = self.price_after(block);
        Note::joined(block, effects, price, stake, self.chain.generation)
    }

    /// The stake difficulty of the block after one of the best chain.
    fn price_after(&self, block: &Block) -> stakepool_core::chain::Amount {
        self.chain
            .best
            .at(block.header.height.plus(1))
            .map_or_else(|| self.chain.next_price(&self.chain.best), |next| next.header.stake_difficulty)
    }

    /// The notification of a block's winners, where it draws any.
    pub(super) fn winners_of(&self, block: &Block) -> Option<Note> {
        let (block, height) = (block.hash, block.header.height);
        let tickets = || self.chain.winners(&block).to_vec();
        self.chain.draws_at(height).then(|| Note::Winners { block, height, tickets: tickets() })
    }

    /// What everybody does once the best chain has changed.
    pub(super) fn after_change(&mut self) {
        self.mempool.prune(&self.chain);
        self.crowd_votes();
        self.wallets_vote(None);
        if self.chain.generation == Generation::Legacy {
            for index in 0..self.wallets.len() {
                self.revoke(index);
            }
        }
        let waiting = self.mempool.candidates().iter().map(|candidate| &candidate.kind);
        for transaction in self.crowd.buy(&self.chain, waiting) {
            self.mempool.add(transaction);
        }
    }

    /// The crowd's votes on the best block and on the tip of a fork, and the revocations that it must send.
    fn crowd_votes(&mut self) {
        let extended = self.extended_bits();
        let branches = [Some(&self.chain.best), self.fork.as_ref().map(|fork| &fork.branch)];
        let votes = branches.into_iter().flatten().flat_map(|on| self.crowd.votes(&self.chain, on, &extended));
        let mut made: Vec<Transaction> = votes.collect();
        if self.chain.generation == Generation::Legacy {
            made.extend(Crowd::revocations(&self.chain));
        }
        for transaction in made {
            self.mempool.add(transaction);
        }
    }

    /// A node begins to serve.
    pub(crate) fn node_started(&mut self, number: usize) {
        self.running.insert(number);
    }

    /// A node stops. Nodes keep the transactions that wait in memory only: with the last node the votes and revocations
    /// of the pool are lost. What the crowd and the buyer sent, they send again.
    pub(crate) fn node_stopped(&mut self, number: usize) {
        if self.running.remove(&number) && self.running.is_empty() {
            self.mempool.lose_votes();
            self.crowd_votes();
        }
    }

    pub(super) fn extended_bits(&self) -> [u8; 4] {
        self.vote_version().0.to_le_bytes()
    }

    /// The votes of wallets that vote by their own, on the tip of a fork or of the best chain.
    pub(super) fn wallets_vote(&mut self, fork: Option<&Branch>) {
        let branch = fork.unwrap_or(&self.chain.best);
        let Some(tip) = branch.tip() else { return };
        let extended = self.extended_bits();
        let choice = VoteChoice {
            block: tip.hash,
            height: tip.header.height,
            bits: VoteBits::APPROVE,
            extended_bits: &extended,
        };
        let mut votes = Vec::new();
        for wallet in self.wallets.iter().filter(|wallet| wallet.votes_itself && !wallet.locked) {
            let own = self.chain.winners(&tip.hash).iter().filter_map(|winner| branch.tickets.get(winner));
            votes.extend(own.filter_map(|ticket| wallet.vote(&self.chain, ticket, &choice).ok()));
        }
        for vote in votes {
            // Another wallet's vote, or the pool's, may be there already.
            let _ = self.mempool.submit(vote, &self.chain, fork);
        }
    }

    /// Sends the revocations that a wallet can sign.
    pub(super) fn revoke(&mut self, wallet: usize) {
        let due = self.known_tickets(wallet).filter(|ticket| ticket.missed_at.is_some() && ticket.revoked.is_none());
        let wallet = &self.wallets[wallet];
        let made: Vec<Transaction> = due.filter_map(|ticket| wallet.revoke(self.chain.generation, ticket)).collect();
        for revocation in made {
            // Another wallet's revocation may be there already.
            let _ = self.mempool.submit(revocation, &self.chain, None);
        }
    }

    /// Takes a transaction from outside.
    pub(crate) fn submit(&mut self, transaction: Transaction) -> Result<TxHash, Rejection> {
        if self.running.is_empty() {
            return Err(Rejection::Stopped);
        }
        let fork = self.fork.as_ref().map(|fork| &fork.branch);
        self.mempool.submit(transaction, &self.chain, fork)
    }

    /// The block on which votes are awaited now: the tip of a fork, else of the best chain.
    pub(crate) fn awaited_block(&self) -> BlockHash {
        let fork = self.fork.as_ref().and_then(|fork| fork.branch.tip());
        fork.map_or_else(|| self.chain.tip().0, |tip| tip.hash)
    }

    /// Winners of a block that a voting wallet should vote for, and whose votes have not arrived.
    pub(crate) fn missing_votes(&self, block: &BlockHash) -> Vec<TicketHash> {
        let branch = self.fork.as_ref().map_or(&self.chain.best, |fork| &fork.branch);
        self.chain
            .winners(block)
            .iter()
            .filter(|winner| branch.tickets.get(winner).is_some_and(|ticket| !is_crowds(ticket)))
            .filter(|winner| self.wallets.iter().any(|wallet| wallet.accepts(winner)))
            .filter(|winner| !self.mempool.has_vote(winner, block))
            .copied()
            .collect()
    }

    /// Tells every listener the winners of the best block once more.
    pub(crate) fn rebroadcast_winners(&mut self) {
        if let Some(note) = self.chain.best.tip().and_then(|tip| self.winners_of(tip)) {
            self.subscribers.report(&[note]);
        }
    }

    /// Where a ticket is in its life; `None` while it is not mined.
    pub(crate) fn ticket_state(&self, ticket: &TicketHash) -> Option<TicketState> {
        let found = self.chain.best.tickets.get(ticket)?;
        Some(found.state(self.chain.tip().1, &self.chain.params))
    }

    /// The number that the next block is made with.
    pub(crate) const fn nonce(&self) -> u32 {
        self.nonce
    }

    /// Continues the numbers of blocks.
    pub(crate) const fn set_nonce(&mut self, nonce: u32) {
        self.nonce = nonce;
    }

    /// Lets the crowd do what it does after a block, for a chain that was put back.
    pub(crate) fn resume(&mut self) {
        self.after_change();
    }
}
