//! Which blocks can still be voted on, and which of their votes are under way or done.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::chain::{BlockHash, BlockHeight, TicketHash};
use crate::voting::winners::Winner;

/// Blocks below the last one that was worked through that are forgotten.
const KEEP: u32 = 16;
/// Blocks that are kept of one node, whatever their heights: a node that names more loses its own earliest ones.
const MOST_OF_NODE: usize = 128;
/// Winners that are kept of a block, whatever the nodes say together. A block draws five.
const MOST_WINNERS: usize = 64;
/// Blocks of one height that are voted on.
const MOST_BLOCKS: usize = 16;

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

/// A block whose winners were announced.
#[derive(Debug)]
struct OpenBlock {
    /// The node that named it first.
    node: usize,
    height: BlockHeight,
    arrived: Instant,
    /// All winners, the pool's or not: who is the pool's can change while the block can be voted on.
    winners: Vec<TicketHash>,
    votes: HashMap<TicketHash, Progress>,
    votable: watch::Sender<bool>,
}

impl OpenBlock {
    fn drawn(&self, block: &BlockHash) -> Drawn {
        Drawn { node: self.node, block: *block, height: self.height, tickets: self.winners.clone() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nodes and wallets are asked whether it is the pool's.
    Asking,
    Casting,
    Cast,
    Failed,
}

/// The winners of a block that can be voted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The node that named it first.
    pub node: usize,
    /// The block.
    pub block: BlockHash,
    /// Its height.
    pub height: BlockHeight,
    /// All its winners.
    pub tickets: Vec<TicketHash>,
}

/// The latest blocks with their winners.
#[derive(Debug, Default)]
pub struct Ballots {
    blocks: HashMap<BlockHash, OpenBlock>,
    by_height: BTreeMap<BlockHeight, Vec<BlockHash>>,
    /// Blocks with a child, latest last; their winners may still be announced by a node that lags behind.
    closed: VecDeque<BlockHash>,
}

impl Ballots {
    /// Notes the winners of a block. `followed` is the height up to which the chain was worked through: what is far below that
    /// and below the block itself, where the followed chain may be the wrong one, is forgotten. What a node announces forgets
    /// nothing of others, however high: it may be of another chain.
    ///
    /// False where a child of the block is connected already, so that no vote counts, and where there are more blocks of its
    /// height than miners can have made.
    pub fn announce(&mut self, drawn: &Drawn, followed: Option<BlockHeight>, arrived: Instant) -> bool {
        let Drawn { node, block, height, tickets } = drawn;
        if let Some(followed) = followed {
            self.forget_below(followed.min(*height).minus(KEEP));
        }
        let of_height = self.by_height.get(height).map_or(0, Vec::len);
        if of_height >= MOST_BLOCKS && !self.blocks.contains_key(block) {
            return false;
        }
        if !self.blocks.contains_key(block) {
            self.make_room(*node);
        }
        let votable = !self.closed.contains(block);
        let open = self.blocks.entry(*block).or_insert_with(|| {
            self.by_height.entry(*height).or_default().push(*block);
            let votable = watch::Sender::new(votable);
            OpenBlock { node: *node, height: *height, arrived, winners: Vec::new(), votes: HashMap::new(), votable }
        });
        for ticket in tickets {
            if !open.winners.contains(ticket) && open.winners.len() < MOST_WINNERS {
                open.winners.push(*ticket);
            }
        }
        *open.votable.borrow()
    }

    /// Whether a block can be voted on, for those who wait for it. `None` for a block of which nothing is known.
    pub fn votable(&self, block: &BlockHash) -> Option<watch::Receiver<bool>> {
        self.blocks.get(block).map(|open| open.votable.subscribe())
    }

    /// The ballots of those winners whose vote is not under way or done.
    pub fn open(&mut self, block: &BlockHash, winners: Vec<Winner>, arrived: Instant) -> Vec<Ballot> {
        let Some(open) = self.blocks.get_mut(block) else { return Vec::new() };
        let mut ballots = Vec::with_capacity(winners.len());
        for winner in winners {
            if matches!(open.votes.get(&winner.ticket), Some(Progress::Casting | Progress::Cast)) {
                continue;
            }
            open.votes.insert(winner.ticket, Progress::Casting);
            let votable = open.votable.subscribe();
            ballots.push(Ballot { winner, block: *block, height: open.height, arrived, votable });
        }
        ballots
    }

    fn forget_below(&mut self, oldest: BlockHeight) {
        let kept = self.by_height.split_off(&oldest);
        for block in std::mem::replace(&mut self.by_height, kept).into_values().flatten() {
            self.forget(&block);
        }
    }

    /// Forgets the earliest block that a node named, where it named as many as are kept.
    fn make_room(&mut self, node: usize) {
        let of_node = || self.blocks.iter().filter(|(_, open)| open.node == node);
        if of_node().count() < MOST_OF_NODE {
            return;
        }
        if let Some((earliest, _)) = of_node().min_by_key(|(_, open)| open.arrived) {
            let earliest = *earliest;
            self.forget(&earliest);
        }
    }

    /// Forgets the blocks that a node named first since a moment: those of another network.
    pub fn forget_of(&mut self, node: usize, since: Instant) {
        let named = self.blocks.iter().filter(|(_, open)| open.node == node && open.arrived >= since);
        for block in named.map(|(block, _)| *block).collect::<Vec<_>>() {
            self.forget(&block);
        }
    }

    /// Forgets a block, and gives up its votes.
    fn forget(&mut self, block: &BlockHash) {
        let Some(forgotten) = self.blocks.remove(block) else { return };
        forgotten.votable.send_replace(false);
        if let Some(of_height) = self.by_height.get_mut(&forgotten.height) {
            of_height.retain(|other| other != block);
            if of_height.is_empty() {
                self.by_height.remove(&forgotten.height);
            }
        }
    }

    /// Notes that somebody asks whether a winner is the pool's. False where that is under way, or its vote is, or was cast.
    pub fn begin_asking(&mut self, block: &BlockHash, ticket: &TicketHash) -> bool {
        let Some(open) = self.blocks.get_mut(block) else { return false };
        if !matches!(open.votes.get(ticket), None | Some(Progress::Failed)) {
            return false;
        }
        open.votes.insert(*ticket, Progress::Asking);
        true
    }

    /// Takes back [`Ballots::begin_asking`]; a vote that came of it stays.
    pub fn end_asking(&mut self, block: &BlockHash, ticket: &TicketHash) {
        if let Some(open) = self.blocks.get_mut(block)
            && open.votes.get(ticket) == Some(&Progress::Asking)
        {
            open.votes.remove(ticket);
        }
    }

    /// Forgets what an earlier run of the engine had under way and never ended.
    pub fn forget_unended(&mut self) {
        for open in self.blocks.values_mut() {
            open.votes.retain(|_, progress| !matches!(progress, Progress::Asking | Progress::Casting));
        }
    }

    /// Whether a vote of a ticket is under way.
    pub fn is_casting(&self, ticket: &TicketHash) -> bool {
        self.blocks.values().any(|open| open.votes.get(ticket) == Some(&Progress::Casting))
    }

    /// Notes the end of a vote.
    pub fn finish(&mut self, block: &BlockHash, ticket: &TicketHash, cast: bool) {
        if let Some(progress) = self.blocks.get_mut(block).and_then(|open| open.votes.get_mut(ticket)) {
            *progress = if cast { Progress::Cast } else { Progress::Failed };
        }
    }

    /// A child of `parent` was connected: `parent` can no longer be voted on.
    pub fn child_connected(&mut self, parent: &BlockHash) {
        if !self.closed.contains(parent) {
            self.closed.push_back(*parent);
            if self.closed.len() > KEEP as usize * 4 {
                self.closed.pop_front();
            }
        }
        if let Some(open) = self.blocks.get(parent) {
            open.votable.send_replace(false);
        }
    }

    /// A child of `parent` was disconnected: the votes on `parent` are wanted again, all of them.
    pub fn child_disconnected(&mut self, parent: &BlockHash) -> Option<Drawn> {
        self.closed.retain(|closed| closed != parent);
        let open = self.blocks.get_mut(parent)?;
        open.votable.send_replace(true);
        open.votes.retain(|_, progress| *progress == Progress::Casting);
        Some(open.drawn(parent))
    }

    /// All blocks that can be voted on.
    pub fn all_votable(&self) -> Vec<Drawn> {
        let votable = self.blocks.iter().filter(|(_, open)| *open.votable.borrow());
        votable.map(|(block, open)| open.drawn(block)).collect()
    }

    /// Forgets which votes were cast on blocks that can still be voted on: a node that was restarted has lost those
    /// that it had not yet mined or passed on.
    pub fn forget_cast(&mut self) {
        for open in self.blocks.values_mut().filter(|open| *open.votable.borrow()) {
            open.votes.retain(|_, progress| *progress != Progress::Cast);
        }
    }

    /// Winners of blocks that can still be voted on, whoever votes for them.
    pub fn open_winners(&self) -> Vec<TicketHash> {
        let votable = self.blocks.values().filter(|open| *open.votable.borrow());
        votable.flat_map(|open| open.winners.iter().copied()).collect()
    }

    /// Winners whose vote is with a node.
    pub fn cast_winners(&self) -> Vec<TicketHash> {
        let votes = self.blocks.values().flat_map(|open| &open.votes);
        votes.filter(|(_, progress)| **progress == Progress::Cast).map(|(ticket, _)| *ticket).collect()
    }

    /// Whether a vote on a block that was announced within `age` is under way.
    pub fn any_casting(&self, age: Duration) -> bool {
        let young = |open: &&OpenBlock| open.arrived.elapsed() < age;
        self.blocks.values().filter(young).any(|open| open.votes.values().any(|p| *p == Progress::Casting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Address, AddressKind, Hash160, Network};
    use crate::voting::winners::SignedBy;

    fn block(n: u8) -> BlockHash {
        BlockHash::from_bytes([n; 32])
    }

    fn winner(n: u8) -> Winner {
        let address = Address::new(Network::Simnet, AddressKind::ScriptHash(Hash160([n; 20])));
        Winner { ticket: TicketHash::from_bytes([n; 32]), address, signed_by: SignedBy::Pool, voting: None }
    }

    fn drawn(n: u8, height: u32, winners: &[u8]) -> Drawn {
        let tickets = winners.iter().map(|n| winner(*n).ticket).collect();
        Drawn { node: 0, block: block(n), height: BlockHeight(height), tickets }
    }

    fn open(ballots: &mut Ballots, drawn: &Drawn) -> Vec<Ballot> {
        let winners = drawn.tickets.iter().map(|ticket| winner(ticket.as_bytes()[0])).collect();
        ballots.announce(drawn, Some(BlockHeight(10)), Instant::now());
        ballots.open(&drawn.block, winners, Instant::now())
    }

    fn tickets(ballots: &[Ballot]) -> Vec<TicketHash> {
        ballots.iter().map(|ballot| ballot.winner.ticket).collect()
    }

    #[tokio::test]
    async fn a_repeated_notification_votes_again_only_what_failed() {
        let mut ballots = Ballots::default();
        let announced = drawn(1, 10, &[1, 2, 3]);
        assert_eq!(open(&mut ballots, &announced).len(), 3);
        ballots.finish(&block(1), &winner(1).ticket, true);
        ballots.finish(&block(1), &winner(2).ticket, false);
        assert_eq!(tickets(&open(&mut ballots, &announced)), [winner(2).ticket]);
    }

    #[tokio::test]
    async fn a_block_is_votable_until_its_child_is_connected_and_again_after_a_reorganisation() {
        let mut ballots = Ballots::default();
        let announced = drawn(1, 10, &[1]);
        let cast = open(&mut ballots, &announced);
        ballots.finish(&block(1), &winner(1).ticket, true);
        ballots.child_connected(&block(1));
        assert!(!*cast[0].votable.borrow());
        assert_eq!(ballots.child_disconnected(&block(1)), Some(announced.clone()));
        let again = open(&mut ballots, &announced);
        assert!(*again[0].votable.borrow());
    }

    #[tokio::test]
    async fn winners_told_after_the_blocks_child_are_not_voted() {
        let mut ballots = Ballots::default();
        ballots.child_connected(&block(1));
        assert!(!ballots.announce(&drawn(1, 10, &[1]), None, Instant::now()));
        assert!(ballots.all_votable().is_empty());
    }

    #[tokio::test]
    async fn a_restarted_node_gets_the_votes_that_it_lost_again() {
        let mut ballots = Ballots::default();
        let announced = drawn(1, 10, &[1]);
        open(&mut ballots, &announced);
        ballots.finish(&block(1), &winner(1).ticket, true);
        ballots.forget_cast();
        assert_eq!(open(&mut ballots, &announced).len(), 1);
    }

    #[tokio::test]
    async fn a_winner_is_asked_about_once_at_a_time_and_voted_at_once_when_its_user_comes() {
        let mut ballots = Ballots::default();
        let announced = drawn(1, 10, &[1]);
        ballots.announce(&announced, None, Instant::now());
        let (block, ticket) = (block(1), winner(1).ticket);
        assert!(ballots.begin_asking(&block, &ticket));
        assert!(!ballots.begin_asking(&block, &ticket));
        ballots.end_asking(&block, &ticket);
        assert!(ballots.begin_asking(&block, &ticket));
        assert_eq!(open(&mut ballots, &announced).len(), 1);
        ballots.end_asking(&block, &ticket);
        assert!(ballots.is_casting(&ticket), "the vote goes on");
        assert!(!ballots.begin_asking(&block, &ticket));
        ballots.forget_unended();
        assert_eq!(open(&mut ballots, &announced).len(), 1);
    }

    #[tokio::test]
    async fn two_blocks_of_one_height_are_both_voted_on() {
        let mut ballots = Ballots::default();
        assert_eq!(open(&mut ballots, &drawn(1, 10, &[1])).len(), 1);
        assert_eq!(open(&mut ballots, &drawn(2, 10, &[1])).len(), 1);
    }

    #[tokio::test]
    async fn a_node_that_invents_blocks_has_few_of_them_voted_on() {
        let mut ballots = Ballots::default();
        let opened = (1..=100).filter(|n| !open(&mut ballots, &drawn(*n, 10, &[1])).is_empty()).count();
        assert_eq!(opened, MOST_BLOCKS);
        assert_eq!(open(&mut ballots, &drawn(101, 11, &[1])).len(), 1);
    }

    #[tokio::test]
    async fn old_blocks_are_forgotten_and_their_votes_given_up() {
        let mut ballots = Ballots::default();
        let old = open(&mut ballots, &drawn(1, 10, &[1]));
        ballots.announce(&drawn(2, 11 + KEEP, &[2]), Some(BlockHeight(11 + KEEP)), Instant::now());
        assert!(!*old[0].votable.borrow());
        assert_eq!(ballots.blocks.len(), 1);
        let shorter = drawn(3, 10, &[3]);
        assert!(ballots.announce(&shorter, Some(BlockHeight(11 + KEEP)), Instant::now()), "it may be the right chain");
        assert_eq!(ballots.blocks.len(), 2);
    }

    #[tokio::test]
    async fn a_node_that_names_other_heights_costs_no_vote_on_the_blocks_of_others() {
        let mut ballots = Ballots::default();
        let announced = drawn(1, 10, &[1]);
        let ours = open(&mut ballots, &announced);
        let since = Instant::now();
        for height in 0..1000_u32 {
            let mut of_another_chain = drawn(0, 50_000 + height, &[2]);
            of_another_chain.node = 1;
            of_another_chain.block =
                BlockHash::from_bytes([[0xee; 4], height.to_le_bytes()].concat().repeat(4).try_into().unwrap());
            assert!(ballots.announce(&of_another_chain, Some(BlockHeight(10)), Instant::now()));
        }
        assert!(*ours[0].votable.borrow());
        assert_eq!(ballots.blocks.len(), 1 + MOST_OF_NODE);
        assert_eq!(open(&mut ballots, &drawn(2, 11, &[1])).len(), 1);
        ballots.forget_of(1, since);
        assert_eq!((ballots.blocks.len(), ballots.by_height.len()), (2, 2));
    }
}
