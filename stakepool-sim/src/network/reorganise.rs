//! Reorganisations: a branch grows beside the best chain, is voted on, and replaces it once it is longer.

use std::sync::Arc;

use stakepool_core::chain::Generation;

use super::notes::Note;
use super::state::{Fork, State};
use crate::chain::Tx;
use crate::error::SimError;

impl State {
    /// Begins a branch that leaves out the last `depth` blocks.
    pub(crate) fn begin_fork(&mut self, depth: u32) {
        let base = self.chain.best.height().minus(depth);
        let given_up = self.chain.best.blocks().iter().skip(base.0 as usize + 1);
        let transactions: Vec<Tx> =
            given_up.flat_map(|block| block.regular.iter().skip(1).chain(&block.stake).cloned()).collect();
        self.mempool.put_back(transactions);
        let mut branch = self.chain.best.clone();
        branch.rewind(base, &self.chain.params);
        self.fork = Some(Fork { branch, base, added: Vec::new() });
    }

    /// Adds a block to the fork. True once the fork is longer than the best chain and has become it.
    pub(crate) fn extend_fork(&mut self) -> Result<bool, SimError> {
        let Some(mut fork) = self.fork.take() else { return Ok(true) };
        let block = match self.next_block(&fork.branch) {
            Ok(block) => block,
            Err(error) => {
                self.mempool.prune(&self.chain);
                return Err(error);
            }
        };
        self.nonce = block.header.nonce;
        let effects = self.chain.connect(&mut fork.branch, &block);
        fork.added.push((Arc::clone(&block), effects));
        if fork.branch.height() > self.chain.best.height() {
            self.adopt(fork);
            self.after_change();
            return Ok(true);
        }
        if let Some(note) = self.winners_of(&block) {
            self.subscribers.report(&[note]);
        }
        let extended = self.extended_bits();
        for vote in self.crowd.votes(&self.chain, &fork.branch, &extended) {
            self.mempool.add(vote);
        }
        self.wallets_vote(Some(&fork.branch));
        self.fork = Some(fork);
        Ok(false)
    }

    fn adopt(&mut self, fork: Fork) {
        let old = std::mem::replace(&mut self.chain.best, fork.branch);
        for wallet in &mut self.wallets {
            wallet.unlearn_above(fork.base);
        }
        let mut notes: Vec<Note> = Vec::new();
        for block in old.blocks().iter().skip(fork.base.0 as usize + 1).rev() {
            notes.push(Note::Disconnected(Arc::clone(block)));
        }
        for (block, effects) in &fork.added {
            notes.extend(self.joined(block, effects));
        }
        if let (Some(old), Some((new, _))) = (old.tip(), fork.added.last()) {
            let changed = Note::Reorganised { old: Arc::clone(old), new: Arc::clone(new) };
            match self.chain.generation {
                Generation::Today => notes.push(changed),
                Generation::Legacy => notes.insert(0, changed),
            }
            // The winners of the other new blocks were told when those came.
            notes.extend(self.winners_of(new));
        }
        self.subscribers.report(&notes);
    }
}
