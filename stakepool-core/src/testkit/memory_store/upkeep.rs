//! Rescans that wallets owe, and work that only one of several instances does.

use async_trait::async_trait;

use super::MemoryStore;
use crate::chain::BlockHeight;
use crate::ports::{LeaseStore, RescanStore, StoreError};
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
}
