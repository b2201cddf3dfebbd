//! Pages of users, kept for a second: who looks at a page again and again, or has many tickets, costs no more than others.

use std::time::Duration;

use hyper::body::Bytes;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::BlockHeight;
use stakepool_core::flights::Flights;

/// How old a page may be; so may the figures be on it.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Most pages that are kept, of a few ten kilobytes each.
const MOST: usize = 100;

/// Whose page it is, and all that decides what is on it: while it is the same, the page is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnPage {
    /// Whose.
    pub user: UserId,
    /// Whether an address is registered.
    pub has_address: bool,
    /// The changes of the ledger.
    pub changes: u64,
    /// The best block.
    pub tip: Option<BlockHeight>,
    /// By the pool's clock.
    pub minute: i64,
    /// Path and query.
    pub target: String,
}

/// The pages as they are kept: cut where the visitor's token belongs. `None` stands for what is no page.
pub type OwnPages = Flights<OwnPage, Option<Vec<Bytes>>>;

/// No page is kept yet.
pub fn none() -> OwnPages {
    Flights::new(MAX_AGE, MOST)
}
