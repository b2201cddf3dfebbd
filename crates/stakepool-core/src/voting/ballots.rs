//! Which blocks can still be voted on, and which of their votes are under way or done.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::watch;
use tokio::time::Instant;

use super::pool::Winner;
use crate::chain::{BlockHash, BlockHeight, TicketHash};

/// Blocks below the highest that are forgotten.
const KEEP: u32 = 16;

/// A winner of a block, ready to be voted.
#[derive(Clone, Debug)]
pub struct Ballot {
    /// Who votes.
    pub winner: Winner,
    /// The block voted on.
    pub block: BlockHash,
    /// Its height.
    pub height: BlockHeight,
    /// When its notification arrived.
    pub arrived: Instant,
    /// True until a child of the block is connected.
    pub votable: watch::Receiver<bool>,
}

#[derive(Debug)]
struct OpenBlock {
    height: BlockHeight,
    winners: HashMap<TicketHash, (Winner, Progress)>,
    votable: watch::Sender<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Casting,
    Cast,
    Failed,
}

/// The latest blocks with winners of the pool.
#[derive(Debug, Default)]
pub struct Ballots {
    blocks: HashMap<BlockHash, OpenBlock>,
    by_height: BTreeMap<BlockHeight, Vec<BlockHash>>,
}

impl Ballots {
    /// Takes winners of a block and returns those to be cast now: not the ones that are under way or done.
    pub fn open(
        &mut self,
        block: BlockHash,
        height: BlockHeight,
        winners: Vec<Winner>,
        arrived: Instant,
    ) -> Vec<Ballot> {
        let open = self.blocks.entry(block).or_insert_with(|| {
            self.by_height.entry(height).or_default().push(block);
            OpenBlock { height, winners: HashMap::new(), votable: watch::Sender::new(true) }
        });
        let mut ballots = Vec::with_capacity(winners.len());
        for winner in winners {
            match open.winners.get(&winner.ticket) {
                Some((_, Progress::Casting | Progress::Cast)) => continue,
                Some((_, Progress::Failed)) | None => {}
            }
            open.winners.insert(winner.ticket, (winner, Progress::Casting));
            let votable = open.votable.subscribe();
            ballots.push(Ballot { winner, block, height, arrived, votable });
        }
        self.forget_old();
        ballots
    }

    fn forget_old(&mut self) {
        let Some((highest, _)) = self.by_height.last_key_value() else { return };
        let kept = self.by_height.split_off(&highest.minus(KEEP));
        for block in std::mem::replace(&mut self.by_height, kept).into_values().flatten() {
            if let Some(forgotten) = self.blocks.remove(&block) {
                forgotten.votable.send_replace(false);
            }
        }
    }

    /// Notes the end of a vote.
    pub fn finish(&mut self, block: &BlockHash, ticket: &TicketHash, cast: bool) {
        if let Some((_, progress)) = self.blocks.get_mut(block).and_then(|open| open.winners.get_mut(ticket)) {
            *progress = if cast { Progress::Cast } else { Progress::Failed };
        }
    }

    /// A child of `parent` was connected: `parent` can no longer be voted on.
    pub fn child_connected(&mut self, parent: &BlockHash) {
        if let Some(open) = self.blocks.get(parent) {
            open.votable.send_replace(false);
        }
    }

    /// A child of `parent` was disconnected: its votes are wanted again, all of them.
    pub fn child_disconnected(&mut self, parent: &BlockHash, now: Instant) -> Vec<Ballot> {
        let Some(open) = self.blocks.get_mut(parent) else { return Vec::new() };
        open.votable.send_replace(true);
        let winners: Vec<_> = open.winners.values().map(|(winner, _)| *winner).collect();
        open.winners.retain(|_, (_, progress)| *progress == Progress::Casting);
        let height = open.height;
        self.open(*parent, height, winners, now)
    }

    /// Whether any vote is under way.
    pub fn any_casting(&self) -> bool {
        self.blocks.values().any(|open| open.winners.values().any(|(_, progress)| *progress == Progress::Casting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Hash160, Network, ScriptAddress};

    fn block(n: u8) -> BlockHash {
        BlockHash::from_bytes([n; 32])
    }

    fn winner(n: u8) -> Winner {
        let address = ScriptAddress::new(Network::Simnet, Hash160([n; 20]));
        Winner { ticket: TicketHash::from_bytes([n; 32]), address, voting: None }
    }

    fn tickets(ballots: &[Ballot]) -> Vec<TicketHash> {
        ballots.iter().map(|ballot| ballot.winner.ticket).collect()
    }

    #[tokio::test]
    async fn a_repeated_notification_votes_again_only_what_failed() {
        let mut ballots = Ballots::default();
        let now = Instant::now();
        assert_eq!(ballots.open(block(1), BlockHeight(10), vec![winner(1), winner(2), winner(3)], now).len(), 3);
        ballots.finish(&block(1), &winner(1).ticket, true);
        ballots.finish(&block(1), &winner(2).ticket, false);
        let again = ballots.open(block(1), BlockHeight(10), vec![winner(1), winner(2), winner(3)], now);
        assert_eq!(tickets(&again), [winner(2).ticket]);
    }

    #[tokio::test]
    async fn a_block_is_votable_until_its_child_is_connected_and_again_after_a_reorganisation() {
        let mut ballots = Ballots::default();
        let now = Instant::now();
        let cast = ballots.open(block(1), BlockHeight(10), vec![winner(1)], now);
        ballots.finish(&block(1), &winner(1).ticket, true);
        ballots.child_connected(&block(1));
        assert!(!*cast[0].votable.borrow());
        let again = ballots.child_disconnected(&block(1), now);
        assert_eq!(tickets(&again), [winner(1).ticket]);
        assert!(*again[0].votable.borrow());
    }

    #[tokio::test]
    async fn two_blocks_of_one_height_are_both_voted_on() {
        let mut ballots = Ballots::default();
        let now = Instant::now();
        assert_eq!(ballots.open(block(1), BlockHeight(10), vec![winner(1)], now).len(), 1);
        assert_eq!(ballots.open(block(2), BlockHeight(10), vec![winner(1)], now).len(), 1);
    }

    #[tokio::test]
    async fn old_blocks_are_forgotten_and_their_votes_given_up() {
        let mut ballots = Ballots::default();
        let now = Instant::now();
        let old = ballots.open(block(1), BlockHeight(10), vec![winner(1)], now);
        ballots.open(block(2), BlockHeight(11 + KEEP), vec![winner(2)], now);
        assert!(!*old[0].votable.borrow());
        assert_eq!(ballots.blocks.len(), 1);
    }
}
