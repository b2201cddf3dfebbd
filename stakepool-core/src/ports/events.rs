//! Reading a daemon's events.

use serde::{Deserialize, Serialize};

use crate::reports::DaemonEvent;

/// A place in a daemon's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    /// The daemon's epoch.
    pub epoch: u64,
    /// The last sequence number seen.
    pub seq: u64,
}

/// Some events and the place behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBatch {
    /// Where to go on.
    pub next: EventCursor,
    /// Whether these events are all that the daemon knows, because the cursor was too old or of another epoch.
    pub snapshot: bool,
    /// The events, in order.
    pub events: Vec<DaemonEvent>,
}
