//! A branch of blocks and what its blocks made of the tickets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use stakepool_core::chain::{BlockHeight, OutPoint, Params, TicketHash, Transaction, TxHash};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::TicketSubmission;

use super::block::Block;
use super::transactions::TxKind;
use super::tx::Tx;

/// A ticket that was mined.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub submission: TicketSubmission,
    pub transaction: Arc<Transaction>,
    pub mined_at: BlockHeight,
    /// The block in which its vote was mined, and the vote.
    pub voted: Option<(BlockHeight, TxHash)>,
    /// The block with which it left the lottery without a vote.
    pub missed_at: Option<BlockHeight>,
    /// Whether it left because nobody ever drew it.
    pub expired: bool,
    /// The block in which its revocation was mined, and the revocation.
    pub revoked: Option<(BlockHeight, TxHash)>,
}

impl Ticket {
    /// Whether the ticket can still be drawn, now or once it is mature.
    pub(crate) const fn is_unspent(&self) -> bool {
        self.voted.is_none() && self.missed_at.is_none()
    }

    /// The vote or the revocation, and the block in which it was mined.
    pub(crate) fn spent_by(&self) -> Option<(BlockHeight, TxHash)> {
        self.voted.or(self.revoked)
    }

    /// Where the ticket is in its life at height `tip`.
    pub(crate) fn state(&self, tip: BlockHeight, params: &Params) -> TicketState {
        match (self.voted, self.missed_at) {
            (Some(_), _) => TicketState::Voted,
            (None, Some(_)) if self.expired => TicketState::Expired,
            (None, Some(_)) => TicketState::Missed,
            (None, None) if tip >= self.mined_at.plus(params.ticket_maturity) => TicketState::Live,
            (None, None) => TicketState::Immature,
        }
    }
}

/// The tree of a block in which a transaction lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TxTree {
    Regular,
    Stake,
}

/// Where a transaction was mined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub height: BlockHeight,
    pub tree: TxTree,
    pub index: u32,
}

/// What a block did to the tickets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    /// Tickets whose votes it holds.
    pub spent: Vec<TicketHash>,
    /// Winners of the block before it that did not vote, expired tickets, and revoked ones.
    pub missed: Vec<TicketHash>,
    /// Tickets that matured with it.
    pub matured: Vec<TicketHash>,
}

/// A chain of blocks from the genesis block to a tip.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branch {
    blocks: Vec<Arc<Block>>,
    pub tickets: BTreeMap<TicketHash, Ticket>,
    pub live: BTreeSet<TicketHash>,
    mined: HashMap<TxHash, Place>,
    /// What was spent, by which transaction, and where that was mined.
    spent: HashMap<OutPoint, (TxHash, BlockHeight)>,
}

impl Branch {
    /// The last block; a branch has at least the genesis block once it is in use.
    pub(crate) fn tip(&self) -> Option<&Arc<Block>> {
        self.blocks.last()
    }

    /// The height of the last block.
    pub(crate) fn height(&self) -> BlockHeight {
        BlockHeight(self.blocks.len().saturating_sub(1) as u32)
    }

    /// The block at a height.
    pub(crate) fn at(&self, height: BlockHeight) -> Option<&Arc<Block>> {
        self.blocks.get(height.0 as usize)
    }

    /// All blocks from the genesis block on.
    pub(crate) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// Whether the block belongs to the branch.
    pub(crate) fn contains(&self, block: &Block) -> bool {
        self.at(block.header.height).is_some_and(|other| other.hash == block.hash)
    }

    /// Where a transaction was mined.
    pub(crate) fn place_of(&self, hash: &TxHash) -> Option<Place> {
        self.mined.get(hash).copied()
    }

    /// The mined transaction that spends an output.
    pub(crate) fn spender_of(&self, output: &OutPoint) -> Option<TxHash> {
        self.spent.get(output).map(|(spender, _)| *spender)
    }

    /// A mined transaction.
    pub(crate) fn transaction(&self, hash: &TxHash) -> Option<(&Tx, &Arc<Block>, Place)> {
        let place = self.place_of(hash)?;
        let block = self.at(place.height)?;
        let tree = match place.tree {
            TxTree::Regular => &block.regular,
            TxTree::Stake => &block.stake,
        };
        Some((tree.get(place.index as usize)?, block, place))
    }

    /// Tickets that are mined, but not yet in the lottery.
    pub(crate) fn immature(&self, params: &Params) -> usize {
        let from = self.height().minus(params.ticket_maturity.saturating_sub(1));
        self.blocks.iter().skip(from.0 as usize).map(|block| usize::from(block.header.fresh_stake)).sum()
    }

    /// Adds the next block. `winners` are those that the block before it drew.
    pub(crate) fn connect(&mut self, block: &Arc<Block>, winners: &[TicketHash], params: &Params) -> Effects {
        let height = block.header.height;
        let mut effects = Effects::default();
        self.index(block);
        self.settle_winners(block, winners, &mut effects);
        self.expire(height, params, &mut effects);
        for transaction in &block.stake {
            match &transaction.kind {
                TxKind::Revocation { ticket } => {
                    if let Some(ticket) = self.tickets.get_mut(ticket) {
                        ticket.revoked = Some((height, transaction.hash));
                        effects.missed.push(ticket.submission.hash);
                    }
                }
                TxKind::Ticket(submission) => self.add_ticket(*submission, &transaction.body, height),
                TxKind::Vote { .. } | TxKind::Regular => {}
            }
        }
        self.blocks.push(Arc::clone(block));
        self.mature(height, params, &mut effects);
        effects
    }

    fn index(&mut self, block: &Block) {
        for (tree, transactions) in [(TxTree::Regular, &block.regular), (TxTree::Stake, &block.stake)] {
            for (transaction, index) in transactions.iter().zip(0..) {
                self.mined.insert(transaction.hash, Place { height: block.header.height, tree, index });
                let by = (transaction.hash, block.header.height);
                self.spent.extend(transaction.body.inputs.iter().map(|input| (input.previous, by)));
            }
        }
    }

    fn settle_winners(&mut self, block: &Block, winners: &[TicketHash], effects: &mut Effects) {
        let height = block.header.height;
        let votes: HashMap<TicketHash, TxHash> = block
            .stake
            .iter()
            .filter_map(|transaction| match transaction.kind {
                TxKind::Vote { ticket, .. } => Some((ticket, transaction.hash)),
                _ => None,
            })
            .collect();
        for winner in winners {
            let Some(ticket) = self.tickets.get_mut(winner) else { continue };
            if let Some(vote) = votes.get(winner) {
                ticket.voted = Some((height, *vote));
                effects.spent.push(*winner);
            } else {
                ticket.missed_at = Some(height);
                effects.missed.push(*winner);
            }
            self.live.remove(winner);
        }
    }

    fn expire(&mut self, height: BlockHeight, params: &Params, effects: &mut Effects) {
        let life = params.ticket_maturity + params.ticket_expiry;
        let expired: Vec<TicketHash> = self
            .live
            .iter()
            .filter(|hash| self.tickets.get(hash).is_some_and(|ticket| ticket.mined_at.plus(life) <= height))
            .copied()
            .collect();
        for hash in expired {
            if let Some(ticket) = self.tickets.get_mut(&hash) {
                ticket.missed_at = Some(height);
                ticket.expired = true;
            }
            self.live.remove(&hash);
            effects.missed.push(hash);
        }
    }

    fn add_ticket(&mut self, submission: TicketSubmission, transaction: &Arc<Transaction>, mined_at: BlockHeight) {
        let ticket = Ticket {
            submission,
            transaction: Arc::clone(transaction),
            mined_at,
            voted: None,
            missed_at: None,
            expired: false,
            revoked: None,
        };
        self.tickets.insert(submission.hash, ticket);
    }

    fn mature(&mut self, height: BlockHeight, params: &Params, effects: &mut Effects) {
        let Some(mined_at) = height.0.checked_sub(params.ticket_maturity) else { return };
        let Some(block) = self.at(BlockHeight(mined_at)).cloned() else { return };
        for transaction in &block.stake {
            if let TxKind::Ticket(submission) = &transaction.kind {
                self.live.insert(submission.hash);
                effects.matured.push(submission.hash);
            }
        }
    }

    /// Goes back to a lower height, as if the blocks above had never been.
    pub(crate) fn rewind(&mut self, height: BlockHeight, params: &Params) {
        self.blocks.truncate(height.0 as usize + 1);
        self.mined.retain(|_, place| place.height <= height);
        self.spent.retain(|_, (_, mined_at)| *mined_at <= height);
        self.tickets.retain(|_, ticket| ticket.mined_at <= height);
        for ticket in self.tickets.values_mut() {
            ticket.voted = ticket.voted.filter(|(at, _)| *at <= height);
            ticket.missed_at = ticket.missed_at.filter(|at| *at <= height);
            ticket.expired &= ticket.missed_at.is_some();
            ticket.revoked = ticket.revoked.filter(|(at, _)| *at <= height);
        }
        self.live = self
            .tickets
            .values()
            .filter(|ticket| ticket.state(height, params) == TicketState::Live)
            .map(|ticket| ticket.submission.hash)
            .collect();
    }
}
