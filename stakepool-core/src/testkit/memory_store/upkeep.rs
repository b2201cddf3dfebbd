//! Rescans that wallets owe, work that only one of several instances does, and notes.

use async_trait::async_trait;

use super::MemoryStore;
use crate::chain::BlockHeight;
use crate::ports::{LeaseStore, RescanStore, StoreError, UpkeepStore};
use crate::store_rules::latest_lease;
use crate::time::UnixTime;

#[async_trait]
impl RescanStore for MemoryStore {
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
        Ok(self.tables().rescans.get(wallet).copied())
    }

    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let lowest = tables.rescans.entry(wallet.to_owned()).or_insert(from);
        *lowest = from.min(*lowest);
        Ok(())
    }

    async fn rescan_done(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        self.tables().rescans.retain(|name, owed| name != wallet || *owed < from);
        Ok(())
    }
}

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn lease(&self, work: &str, holder: &str, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let latest = latest_lease(now, until);
        if tables.leases.get(work).is_some_and(|(other, theirs)| other != holder && *theirs > now && *theirs <= latest)
        {
            return Ok(false);
        }
        tables.leases.insert(work.to_owned(), (holder.to_owned(), until));
        Ok(true)
    }

    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError> {
        self.tables().leases.retain(|name, (other, _)| name != work || other != holder);
        Ok(())
    }

    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError> {
        let tables = self.tables();
        Ok(tables.leases.get(work).filter(|(_, until)| *until > now).map(|(holder, _)| holder.clone()))
    }
}

#[async_trait]
impl UpkeepStore for MemoryStore {
    async fn try_write(&self, _: UnixTime) -> Result<(), StoreError> {
        drop(self.tables());
        Ok(())
    }

    async fn set_note(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.tables().notes.insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    async fn forget_note(&self, name: &str) -> Result<(), StoreError> {
        self.tables().notes.remove(name);
        Ok(())
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let tables = self.tables();
        let notes = tables.notes.iter().filter(|(name, _)| name.starts_with(prefix));
        Ok(notes.map(|(name, text)| (name.clone(), text.clone())).collect())
    }
}
