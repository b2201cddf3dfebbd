//! What nodes report by themselves, in the order of their generation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stakepool_core::chain::{Amount, BlockHash, BlockHeight, Generation, TicketHash};

use crate::chain::{Block, Effects};

/// What a client can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Blocks,
    WinningTickets,
    NewTickets,
    SpentAndMissed,
}

/// A notification.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// A block joined the best chain.
    Connected(Arc<Block>),
    /// A block left the best chain.
    Disconnected(Arc<Block>),
    /// The best chain became another one.
    Reorganised { old: Arc<Block>, new: Arc<Block> },
    /// A block drew its winners.
    Winners { block: BlockHash, height: BlockHeight, tickets: Vec<TicketHash> },
    /// Tickets matured with a block; `price` is the next block's.
    NewTickets { block: BlockHash, height: BlockHeight, price: Amount, tickets: Vec<TicketHash> },
    /// Tickets left the lottery with a block; `price` is the next block's.
    SpentAndMissed {
        block: BlockHash,
        height: BlockHeight,
        price: Amount,
        spent: Vec<TicketHash>,
        missed: Vec<TicketHash>,
    },
}

impl Note {
    /// A block joined the best chain: all but its winners. `price` is the next block's; `stake` says whether tickets
    /// can be bought yet.
    pub(crate) fn joined(
        block: &Arc<Block>,
        effects: &Effects,
        price: Amount,
        stake: bool,
        generation: Generation,
    ) -> Vec<Self> {
        let connected = Self::Connected(Arc::clone(block));
        if !stake {
            return vec![connected];
        }
        let (block, height) = (block.hash, block.header.height);
        let (spent, missed) = (effects.spent.clone(), effects.missed.clone());
        let spent = Self::SpentAndMissed { block, height, price, spent, missed };
        let new = Self::NewTickets { block, height, price, tickets: effects.matured.clone() };
        match generation {
            Generation::Today => vec![connected, spent, new],
            Generation::Legacy => vec![spent, new, connected],
        }
    }

    /// Who hears of it.
    pub(crate) const fn topic(&self) -> Topic {
        match self {
            Self::Connected(_) | Self::Disconnected(_) | Self::Reorganised { .. } => Topic::Blocks,
            Self::Winners { .. } => Topic::WinningTickets,
            Self::NewTickets { .. } => Topic::NewTickets,
            Self::SpentAndMissed { .. } => Topic::SpentAndMissed,
        }
    }
}

/// Sends a client what it subscribed to of one change of the network. False where the client is gone.
pub(crate) type Deliver = Box<dyn Fn(Vec<&Note>) -> bool + Send>;

/// Names a client that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientId(u64);

impl ClientId {
    /// A name that nobody has.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A client that listens.
pub(crate) struct Subscriber {
    pub id: ClientId,
    pub topics: Vec<Topic>,
    pub deliver: Deliver,
}

impl Subscriber {
    fn report(&self, notes: &[Note]) -> bool {
        let wanted: Vec<&Note> = notes.iter().filter(|note| self.topics.contains(&note.topic())).collect();
        wanted.is_empty() || (self.deliver)(wanted)
    }
}

/// All clients that listen.
#[derive(Default)]
pub(crate) struct Subscribers(Vec<Subscriber>);

impl Subscribers {
    /// Adds topics to a client's subscriptions, and the client where it is new.
    pub(crate) fn subscribe(&mut self, client: Subscriber) {
        match self.0.iter_mut().find(|known| known.id == client.id) {
            Some(known) => known.topics.extend(client.topics),
            None => self.0.push(client),
        }
    }

    /// Forgets a client.
    pub(crate) fn remove(&mut self, id: ClientId) {
        self.0.retain(|client| client.id != id);
    }

    /// Reports to everybody, and forgets those who are gone.
    pub(crate) fn report(&mut self, notes: &[Note]) {
        self.0.retain(|client| client.report(notes));
    }
}
