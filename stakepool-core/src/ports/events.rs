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

impl EventCursor {
    /// The name under which a web keeps its place in a daemon's events. Webs from before tickets with keys of their own keep
    /// theirs under the daemon's name alone, and are sent events without those tickets: their place is not ours, or what
    /// they were not sent would be passed over.
    ///
    /// ```
    /// use stakepool_core::ports::EventCursor;
    ///
    /// assert_eq!(EventCursor::kept_as("voter1:9113"), "voter1:9113 with keys");
    /// ```
    pub fn kept_as(daemon: &str) -> String {
        format!("{daemon} with keys")
    }
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
