//! The network behind its lock, and word of its changes.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::state::State;
use crate::sync::lock;

/// The state, and word of its changes.
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Shared {
    /// Shares a state.
    pub(crate) fn new(state: State) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(state), changes: watch::Sender::new(0) })
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.state))
    }

    /// Changes the state and wakes those who wait.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut lock(&self.state));
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
