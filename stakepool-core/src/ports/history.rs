//! Figures by day and by span of blocks: what charts are made of.

use async_trait::async_trait;

use super::StoreError;
use crate::accounts::UserId;
use crate::chain::BlockHeight;
use crate::time::Day;

/// What was seen of the network on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkDay {
    /// The day.
    pub day: Day,
    /// The greatest height that was seen on it.
    pub height: BlockHeight,
    /// Live tickets of the network then.
    pub network_live: u64,
    /// Live tickets of the pool then.
    pub pool_live: u64,
}

/// What happened to tickets within a span of blocks. Ignored tickets do not count: the pool does not vote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Tickets that were mined.
    pub mined: u64,
    /// Tickets whose vote was mined.
    pub voted: u64,
    /// Tickets that won, but whose vote was not mined.
    pub missed: u64,
    /// Tickets that never won.
    pub expired: u64,
}

/// The past of the network and of the pool's tickets.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Notes what was seen on a day. Of several notes on a day that of the greatest height lasts.
    async fn note_day(&self, seen: &NetworkDay) -> Result<(), StoreError>;

    /// What was seen on a day and all later ones, by day.
    async fn days_since(&self, first: Day) -> Result<Vec<NetworkDay>, StoreError>;

    /// What happened between two neighbours of `bounds` (above the first, up to the second), for each pair of them, to
    /// the tickets of all users or of one.
    async fn turnover(&self, user: Option<UserId>, bounds: &[BlockHeight]) -> Result<Vec<Turnover>, StoreError>;
}
