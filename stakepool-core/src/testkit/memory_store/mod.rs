//! All stores of a pool in memory.

mod accounts;
mod admin;
mod claims;
mod history;
mod ledger;
mod limits;
mod low_fee;
mod money;
mod second_factor;
mod sessions;
mod tables;
mod ticket_mails;
mod upkeep;
mod users;
mod vsp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::tables::Tables;

/// All stores of a pool in memory, for tests and for trying things out. Clones are the same store; it is gone with the last.
///
/// It passes the tests that every store must pass. Nothing is indexed: it is made for hundreds of users, not for thousands.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use stakepool_core::ports::UserStore;
/// use stakepool_core::testkit::{MemoryStore, samples};
///
/// let store = MemoryStore::default();
/// let alice = store.create(samples::new_user("alice@example.org")).await.unwrap();
/// assert_eq!(store.clone().by_id(alice).await.unwrap().unwrap().email.as_str(), "alice@example.org");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryStore {
    /// The tables, for one call at a time: each call is whole, and none comes between.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
