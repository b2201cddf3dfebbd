//! Rescans that wallets owe, work that only one of several instances does, and notes.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::Leased;
use crate::chain::BlockHeight;
use crate::ports::{Lease, LeaseStore, RescanStore, StoreError, UpkeepStore};
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
    async fn lease(
        &self,
        work: &str,
        holder: &str,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<Lease>, StoreError> {
        let mut tables = self.tables();
        let free = || Leased { holder: String::new(), until: UnixTime(0), fence: 0 };
        let leased = tables.leases.entry(work.to_owned()).or_insert_with(free);
        if leased.holder != holder {
            if leased.until > now && leased.until <= latest_lease(now, until) {
                return Ok(None);
            }
            leased.fence += 1;
        }
        (leased.holder, leased.until) = (holder.to_owned(), until);
        Ok(Some(Lease { work: work.to_owned(), fence: leased.fence }))
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, StoreError> {
        Ok(self.tables().leases.get(&lease.work).is_some_and(|leased| leased.fence == lease.fence))
    }

    async fn set_note_under(&self, lease: &Lease, name: &str, text: &str) -> Result<bool, StoreError> {
        let is_held = self.holds(lease).await?;
        if is_held {
            self.set_note(name, text).await?;
        }
        Ok(is_held)
    }

    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError> {
        if let Some(leased) = self.tables().leases.get_mut(work).filter(|leased| leased.holder == holder) {
            (leased.holder, leased.until) = (String::new(), UnixTime(0));
        }
        Ok(())
    }

    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError> {
        let tables = self.tables();
        Ok(tables.leases.get(work).filter(|leased| leased.until > now).map(|leased| leased.holder.clone()))
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
