//! A store of registered tickets in which other changes come between, and which fails.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{
    FeeIncome, KeyChanges, Listed, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket, RegisteredWhere,
    SealedRecord, Slice, StoreError, VspTicketStore,
};
use stakepool_core::testkit::MemoryStore;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::RegisteredCounts;

/// A store with faults that a test switches on.
pub struct FaultyStore {
    store: MemoryStore,
    /// How many of the next changes another one comes before.
    pub others: AtomicU32,
    /// Tickets whose change fails.
    pub broken: Mutex<HashSet<TicketHash>>,
    /// Whether the keys that may be deleted cannot be read: the last step of a pass.
    pub last_step_fails: AtomicBool,
    /// How often the tickets were counted.
    pub counted: AtomicU32,
    /// Whether no ticket can be read.
    pub away: AtomicBool,
    /// Whether changes are made by an instance of an earlier version, which numbers none.
    pub numbers_nothing: AtomicBool,
}

impl FaultyStore {
    pub fn on(store: &MemoryStore) -> Self {
        Self {
            store: store.clone(),
            others: AtomicU32::default(),
            broken: Mutex::default(),
            last_step_fails: AtomicBool::default(),
            counted: AtomicU32::default(),
            away: AtomicBool::default(),
            numbers_nothing: AtomicBool::default(),
        }
    }
}

fn unreadable() -> StoreError {
    StoreError::Corrupt { what: "ticket".to_owned(), reason: "the test wants it".to_owned() }
}

#[async_trait]
impl VspTicketStore for FaultyStore {
    async fn registered_ticket(&self, ticket: &TicketHash) -> Result<Option<RegisteredTicket>, StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(unreadable());
        }
        self.store.registered_ticket(ticket).await
    }

    async fn registered_among(&self, tickets: &[TicketHash]) -> Result<Vec<RegisteredTicket>, StoreError> {
        self.store.registered_among(tickets).await
    }

    async fn add_registered_with(
        &self,
        ticket: &RegisteredTicket,
        records: &[SealedRecord],
    ) -> Result<bool, StoreError> {
        if self.broken.lock().unwrap().contains(&ticket.registration.ticket) {
            return Err(unreadable());
        }
        self.store.add_registered_with(ticket, records).await
    }

    async fn change_registered(&self, ticket: &RegisteredTicket, records: &RecordChange) -> Result<bool, StoreError> {
        let hash = ticket.registration.ticket;
        if self.broken.lock().unwrap().contains(&hash) {
            return Err(unreadable());
        }
        let one_less = |left: u32| left.checked_sub(1);
        if self.others.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            let other = self.store.registered_ticket(&hash).await?.unwrap();
            assert_eq!(self.store.change_registered(&other, &RecordChange::default()).await, Ok(true));
        }
        self.store.change_registered(ticket, records).await
    }

    async fn forget_registered(&self, ticket: &TicketHash, revision: u64) -> Result<bool, StoreError> {
        self.store.forget_registered(ticket, revision).await
    }

    async fn registered_where(&self, wanted: RegisteredWhere) -> Result<Vec<RegisteredTicket>, StoreError> {
        if matches!(wanted, RegisteredWhere::KeyKept { .. }) && self.last_step_fails.load(Ordering::Relaxed) {
            return Err(unreadable());
        }
        self.store.registered_where(wanted).await
    }

    async fn key_changes(&self, since: Option<u64>) -> Result<KeyChanges, StoreError> {
        match since {
            Some(latest) if self.numbers_nothing.load(Ordering::Relaxed) => {
                Ok(KeyChanges { latest, ..KeyChanges::default() })
            }
            since => self.store.key_changes(since).await,
        }
    }

    async fn records(&self, ticket: &TicketHash) -> Result<Vec<SealedRecord>, StoreError> {
        self.store.records(ticket).await
    }

    async fn registered_counts(&self) -> Result<RegisteredCounts, StoreError> {
        self.counted.fetch_add(1, Ordering::Relaxed);
        self.store.registered_counts().await
    }
    async fn find_registered(
        &self,
        query: &RegisteredQuery,
        slice: Slice,
    ) -> Result<Listed<RegisteredTicket>, StoreError> {
        self.store.find_registered(query, slice).await
    }

    async fn registered_figures(&self) -> Result<RegisteredFigures, StoreError> {
        self.store.registered_figures().await
    }

    async fn fee_income(&self, since: UnixTime) -> Result<FeeIncome, StoreError> {
        self.store.fee_income(since).await
    }
}
