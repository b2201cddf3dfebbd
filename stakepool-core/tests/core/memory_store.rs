//! The store in memory passes the tests that every store must pass.

use stakepool_core::testkit::MemoryStore;
use stakepool_core::testkit::store_tests::Fixture;

struct InMemory(MemoryStore);

impl Fixture for InMemory {
    type Stores = MemoryStore;

    async fn empty() -> Self {
        Self(MemoryStore::default())
    }

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn close(&self, _: MemoryStore) {}
}

stakepool_core::store_tests!(InMemory);
