//! All blocks, on the best chain or beside it, with the winners that they drew.

use std::collections::HashMap;
use std::sync::Arc;

use stakepool_core::chain::{Amount, BlockHash, BlockHeight, Generation, Network, Params, TicketHash};

use super::block::{Block, HEADER_VERSION_LEGACY, HEADER_VERSION_TODAY, Header};
use super::branch::{Branch, Effects};
use super::lottery::{Rig, draw};
use super::transactions::coinbase;

/// The most that the stake difficulty may rise above its minimum.
const MAX_PRICE_FACTOR: i64 = 100;

/// The chain.
pub(crate) struct Chain {
    pub params: Params,
    pub generation: Generation,
    /// The best branch.
    pub best: Branch,
    pub rig: Rig,
    blocks: HashMap<BlockHash, Arc<Block>>,
    winners: HashMap<BlockHash, Vec<TicketHash>>,
}

impl Chain {
    /// A chain with its genesis block, made at `time` (Unix seconds).
    pub(crate) fn new(generation: Generation, time: u32) -> Self {
        let mut chain = Self {
            params: Network::Simnet.params(generation),
            generation,
            best: Branch::default(),
            rig: Rig::default(),
            blocks: HashMap::new(),
            winners: HashMap::new(),
        };
        let header = chain.header_after(None, time);
        let genesis = Arc::new(Block::seal(header, vec![coinbase(BlockHeight(0), 0, Amount::ZERO).into()], Vec::new()));
        chain.connect_best(&genesis);
        chain
    }

    /// A header for the block after `parent`, still without what its transactions decide.
    pub(crate) fn header_after(&self, parent: Option<&Branch>, time: u32) -> Header {
        let tip = parent.and_then(|branch| branch.tip().map(|tip| (branch, tip)));
        Header {
            version: match self.generation {
                Generation::Today => HEADER_VERSION_TODAY,
                Generation::Legacy => HEADER_VERSION_LEGACY,
            },
            previous: tip.map_or(BlockHash::from_bytes([0; 32]), |(_, tip)| tip.hash),
            merkle_root: [0; 32],
            stake_root: [0; 32],
            final_state: [0; 6],
            voters: 0,
            fresh_stake: 0,
            revocations: 0,
            pool_size: tip.map_or(0, |(branch, _)| branch.live.len() as u32),
            stake_difficulty: parent.map_or(self.minimum_price(), |branch| self.next_price(branch)),
            height: tip.map_or(BlockHeight(0), |(_, tip)| tip.header.height.plus(1)),
            size: 0,
            time,
            nonce: 0,
        }
    }

    fn minimum_price(&self) -> Amount {
        Amount::from_atoms(self.params.minimum_stake_diff)
    }

    /// The stake difficulty of the block after a branch: it follows the number of tickets, once a window.
    pub(crate) fn next_price(&self, branch: &Branch) -> Amount {
        let Some(tip) = branch.tip() else { return self.minimum_price() };
        let current = tip.header.stake_difficulty;
        let height = tip.header.height.plus(1);
        if !height.0.is_multiple_of(self.params.stake_diff_window_size) {
            return current;
        }
        let found = branch.live.len() + branch.immature(&self.params);
        let wanted = self.params.tickets_per_block * (self.params.ticket_pool_size + self.params.ticket_maturity);
        let atoms = current.atoms();
        let proposed = atoms * found as i64 / i64::from(wanted);
        let gentle = proposed.clamp(atoms * 4 / 5, atoms * 5 / 4);
        let least = self.params.minimum_stake_diff;
        Amount::from_atoms(gentle.clamp(least, least * MAX_PRICE_FACTOR))
    }

    /// A block, on the best chain or beside it.
    pub(crate) fn block(&self, hash: &BlockHash) -> Option<&Arc<Block>> {
        self.blocks.get(hash)
    }

    /// The tickets that a block drew.
    pub(crate) fn winners(&self, hash: &BlockHash) -> &[TicketHash] {
        self.winners.get(hash).map_or(&[], Vec::as_slice)
    }

    /// The best block.
    pub(crate) fn tip(&self) -> (BlockHash, BlockHeight) {
        self.best.tip().map_or((BlockHash::from_bytes([0; 32]), BlockHeight(0)), |tip| (tip.hash, tip.header.height))
    }

    /// Whether blocks at this height draw winners.
    pub(crate) const fn draws_at(&self, height: BlockHeight) -> bool {
        height.0 + 1 >= self.params.stake_validation_height
    }

    /// Adds a block to a branch, and draws its winners unless they are known already.
    pub(crate) fn connect(&mut self, branch: &mut Branch, block: &Arc<Block>) -> Effects {
        let winners = self.winners(&block.header.previous).to_vec();
        let effects = branch.connect(block, &winners, &self.params);
        self.blocks.insert(block.hash, Arc::clone(block));
        if self.draws_at(block.header.height) && !self.winners.contains_key(&block.hash) {
            let count = self.params.tickets_per_block as usize;
            let drawn = draw(&branch.live, &block.hash, count, &mut self.rig);
            self.winners.insert(block.hash, drawn);
        }
        effects
    }

    /// Adds a block to the best branch.
    pub(crate) fn connect_best(&mut self, block: &Arc<Block>) -> Effects {
        let mut best = std::mem::take(&mut self.best);
        let effects = self.connect(&mut best, block);
        self.best = best;
        effects
    }

    /// Puts back a saved block with the winners that it drew then.
    pub(crate) fn restore(&mut self, block: &Arc<Block>, winners: Vec<TicketHash>) {
        if self.draws_at(block.header.height) {
            self.winners.insert(block.hash, winners);
        }
        self.connect_best(block);
    }
}
