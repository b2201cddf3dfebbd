//! Who listens to a node within this process.

use std::collections::BTreeMap;
use std::sync::Mutex;

use stakepool_core::ports::{NodeEvent, SpentOrMissed};

use crate::network::Note;
use crate::sync::lock;

/// Takes an event. False where nobody listens any more.
pub(crate) type Sink = Box<dyn Fn(NodeEvent) -> bool + Send>;

struct Listener {
    sink: Sink,
    /// Whether it has a connection, which begins with `Connected` and ends with `Disconnected`.
    connected: bool,
    /// What it is sent once the node is no longer deaf.
    held: Vec<NodeEvent>,
}

#[derive(Default)]
struct Lines {
    listeners: Vec<Listener>,
    deaf: bool,
}

/// The listeners of a node, connected or not.
#[derive(Default)]
pub(crate) struct Listeners(Mutex<Lines>);

impl Listeners {
    /// Adds a listener, without a connection yet.
    pub(crate) fn add(&self, sink: Sink) {
        lock(&self.0).listeners.push(Listener { sink, connected: false, held: Vec::new() });
    }

    /// Connects those who have no connection.
    pub(crate) fn connect(&self) {
        let mut lines = lock(&self.0);
        if lines.deaf {
            return;
        }
        lines.listeners.retain_mut(|listener| {
            let fresh = !std::mem::replace(&mut listener.connected, true);
            !fresh || (listener.sink)(NodeEvent::Connected)
        });
    }

    /// Breaks all connections.
    pub(crate) fn disconnect(&self, reason: &str) {
        lock(&self.0).listeners.retain_mut(|listener| {
            listener.held.clear();
            let had = std::mem::take(&mut listener.connected);
            !had || (listener.sink)(NodeEvent::Disconnected { reason: reason.to_owned() })
        });
    }

    /// Holds back what the node reports, or sends what was held.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        let mut lines = lock(&self.0);
        lines.deaf = deaf;
        if !deaf {
            lines.listeners.retain_mut(|listener| {
                let held = std::mem::take(&mut listener.held);
                held.into_iter().all(&listener.sink)
            });
        }
    }

    /// Reports to those who are connected. Nothing is worked out where there are none.
    pub(crate) fn report(&self, notes: &[&Note]) {
        let mut lines = lock(&self.0);
        let Lines { listeners, deaf } = &mut *lines;
        listeners.retain_mut(|listener| {
            if !listener.connected {
                return true;
            }
            let mut events = notes.iter().filter_map(|note| event(note));
            if *deaf {
                listener.held.extend(events);
                return true;
            }
            events.all(&listener.sink)
        });
    }
}

/// A notification as a client reads it; `None` for a reorganisation, which only repeats what the blocks say.
fn event(note: &Note) -> Option<NodeEvent> {
    Some(match note {
        Note::Connected(block) => NodeEvent::BlockConnected(block.facts()),
        Note::Disconnected(block) => NodeEvent::BlockDisconnected(block.facts()),
        Note::Reorganised { .. } => return None,
        Note::Winners { block, height, tickets } => {
            NodeEvent::WinningTickets { block: *block, height: *height, tickets: tickets.clone() }
        }
        Note::NewTickets { block, height, price, tickets } => {
            NodeEvent::NewTickets { block: *block, height: *height, stake_difficulty: *price, tickets: tickets.clone() }
        }
        Note::SpentAndMissed { block, height, spent, missed, .. } => {
            let spent = spent.iter().map(|ticket| (*ticket, SpentOrMissed::Spent));
            let missed = missed.iter().map(|ticket| (*ticket, SpentOrMissed::Missed));
            // By ticket, as a client has it that reads them from an object.
            let tickets: BTreeMap<_, _> = spent.chain(missed).collect();
            NodeEvent::SpentAndMissed { block: *block, height: *height, tickets: tickets.into_iter().collect() }
        }
    })
}
