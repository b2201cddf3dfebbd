//! What nodes report on the way to the follower of the chain, and while that is too far behind to be told.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::ports::NodeEvent;

/// An event that the engine passes on to the follower.
#[derive(Debug)]
pub(super) struct ChainEvent {
    pub(super) node: usize,
    pub(super) event: NodeEvent,
}

/// Events that found no room on the way to the follower.
#[derive(Debug, Default)]
pub(super) struct LostEvents {
    lost: Mutex<Lost>,
    noted: Notify,
}

#[derive(Debug, Default)]
struct Lost {
    /// Whether there were some of the chain, at which the follower looks itself then.
    of_chain: bool,
    /// The latest of each node's connection, which nothing else tells the follower.
    connections: BTreeMap<usize, NodeEvent>,
}

impl LostEvents {
    fn lock(&self) -> MutexGuard<'_, Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes an event on to the follower, or keeps of it what must not be lost.
    pub(super) fn pass_on(&self, event: ChainEvent, to_follower: &mpsc::Sender<ChainEvent>) {
        let is_connection = matches!(event.event, NodeEvent::Connected | NodeEvent::Disconnected { .. });
        let mut lost = self.lock();
        let event = if is_connection && lost.connections.contains_key(&event.node) {
            // It must not overtake the one that waits here.
            event
        } else {
            match to_follower.try_send(event) {
                Ok(()) => return,
                Err(full) => full.into_inner(),
            }
        };
        if is_connection {
            lost.connections.insert(event.node, event.event);
        } else {
            lost.of_chain = true;
        }
        drop(lost);
        self.noted.notify_one();
    }

    /// Waits until some were lost.
    pub(super) async fn noted(&self) {
        self.noted.notified().await;
    }

    /// Whether some of the chain were lost since the last call.
    pub(super) fn take_of_chain(&self) -> bool {
        std::mem::take(&mut self.lock().of_chain)
    }

    /// The next of a node's connection, to be handled once the follower has handled what it was passed before.
    pub(super) fn next_connection(&self) -> Option<ChainEvent> {
        let (node, event) = self.lock().connections.pop_first()?;
        Some(ChainEvent { node, event })
    }
}
