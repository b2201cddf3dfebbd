//! What nodes tell by themselves, in the order of their generation.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use stakepool_core::chain::{Amount, Generation, TicketHash};
use tokio::sync::mpsc::UnboundedSender;

use crate::chain::{Block, Effects};
use crate::server::FaultSet;
use crate::sync::lock;

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
pub(crate) struct Note {
    pub topic: Topic,
    text: String,
}

impl Note {
    fn new(topic: Topic, method: &str, params: Value) -> Self {
        // The order of the keys is the real one.
        let text = format!(r#"{{"jsonrpc":"1.0","method":"{method}","params":{params},"id":null}}"#);
        Self { topic, text }
    }

    fn connected(block: &Block) -> Self {
        let header = hex::encode(block.header.encode());
        Self::new(Topic::Blocks, "blockconnected", json!([header, null]))
    }

    /// A block left the best chain.
    pub(crate) fn disconnected(block: &Block) -> Self {
        let header = hex::encode(block.header.encode());
        Self::new(Topic::Blocks, "blockdisconnected", json!([header]))
    }

    /// The best chain became another one.
    pub(crate) fn reorganised(old: &Block, new: &Block) -> Self {
        let params = json!([old.hash, old.header.height, new.hash, new.header.height]);
        Self::new(Topic::Blocks, "reorganization", params)
    }

    /// A block drew its winners.
    pub(crate) fn winners(block: &Block, winners: &[TicketHash]) -> Self {
        let numbered: Map<String, Value> =
            winners.iter().enumerate().map(|(number, ticket)| (number.to_string(), json!(ticket))).collect();
        Self::new(Topic::WinningTickets, "winningtickets", json!([block.hash, block.header.height, numbered]))
    }

    fn new_tickets(block: &Block, effects: &Effects, price: Amount, generation: Generation) -> Self {
        let tickets = match generation {
            Generation::Legacy if effects.matured.is_empty() => Value::Null,
            _ => json!(effects.matured),
        };
        let params = json!([block.hash, block.header.height, price, tickets]);
        Self::new(Topic::NewTickets, "newtickets", params)
    }

    fn spent_and_missed(block: &Block, effects: &Effects, price: Amount) -> Self {
        let named = |tickets: &[TicketHash], what: &'static str| {
            tickets.iter().map(|ticket| (ticket.to_string(), json!(what))).collect::<Vec<_>>()
        };
        let tickets: Map<String, Value> =
            named(&effects.spent, "spent").into_iter().chain(named(&effects.missed, "missed")).collect();
        let params = json!([block.hash, block.header.height, price, tickets]);
        Self::new(Topic::SpentAndMissed, "spentandmissedtickets", params)
    }

    /// A block joined the best chain: all but its winners. `price` is the next block's; `stake` says whether tickets
    /// can be bought yet.
    pub(crate) fn joined(
        block: &Block,
        effects: &Effects,
        price: Amount,
        stake: bool,
        generation: Generation,
    ) -> Vec<Self> {
        let connected = Self::connected(block);
        if !stake {
            return vec![connected];
        }
        let spent = Self::spent_and_missed(block, effects, price);
        let new = Self::new_tickets(block, effects, price, generation);
        match generation {
            Generation::Today => vec![connected, spent, new],
            Generation::Legacy => vec![spent, new, connected],
        }
    }
}

/// A websocket client that listens.
pub(crate) struct Subscriber {
    pub id: u64,
    pub topics: Vec<Topic>,
    pub outbox: UnboundedSender<String>,
    pub faults: Arc<Mutex<FaultSet>>,
}

impl Subscriber {
    /// Sends the notifications that the client wants, with the faults of its server. False where it is gone.
    fn tell(&self, notes: &[Note]) -> bool {
        let (twice, disorder) = {
            let faults = lock(&self.faults);
            (faults.duplicate_notifications, faults.disorder_notifications)
        };
        let mut wanted: Vec<&Note> = notes.iter().filter(|note| self.topics.contains(&note.topic)).collect();
        if disorder {
            wanted.reverse();
        }
        let copies = if twice { 2 } else { 1 };
        wanted.into_iter().all(|note| (0..copies).all(|_| self.outbox.send(note.text.clone()).is_ok()))
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
    pub(crate) fn remove(&mut self, id: u64) {
        self.0.retain(|client| client.id != id);
    }

    /// Tells everybody, and forgets those who are gone.
    pub(crate) fn tell(&mut self, notes: &[Note]) {
        self.0.retain(|client| client.tell(notes));
    }
}
