//! Work that only one of several instances does.

use async_trait::async_trait;
use stakepool_core::ports::{Lease, LeaseStore, StoreError};
use stakepool_core::store_rules::latest_lease;
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Transaction, Turn, sql};

#[async_trait]
impl LeaseStore for Database {
    async fn lease(
        &self,
        work: &str,
        holder: &str,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<Lease>, StoreError> {
        // Not an upsert: MySQL counts a row that a refused claim left alone like one that it changed. And the fence first, since
        // MySQL sets one column after the other.
        transaction!(self.writes(Turn::None), |transaction| {
            let free = sql(
                "UPDATE leases SET fence = CASE WHEN holder = ? THEN fence ELSE fence + 1 END, holder = ?, until = ? \
                 WHERE work = ? AND (holder = ? OR until <= ? OR until > ?)",
            )
            .bind(holder)
            .bind(holder)
            .bind(until.0)
            .bind(work)
            .bind(holder)
            .bind(now.0)
            .bind(latest_lease(now, until).0);
            if transaction.execute(&free).await? > 0 {
                return fence_of(transaction, work).await;
            }
            let first = sql("INSERT INTO leases (work, holder, until, fence, acts) VALUES (?, ?, ?, 1, 0)");
            let first = first.bind(work).bind(holder).bind(until.0);
            if transaction.insert_new(&first).await? { fence_of(transaction, work).await } else { Ok(None) }
        })
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, StoreError> {
        let query = sql("SELECT 1 FROM leases WHERE work = ? AND fence = ?");
        Ok(self.number(&query.bind(lease.work.as_str()).bind(fence(lease))).await?.is_some())
    }

    async fn set_note_under(&self, lease: &Lease, name: &str, text: &str) -> Result<bool, StoreError> {
        transaction!(self.writes(Turn::None), |transaction| {
            let is_held = act_under(transaction, lease).await?;
            if is_held {
                let keep = sql("REPLACE INTO notes (name, text) VALUES (?, ?)").bind(name).bind(text);
                transaction.execute(&keep).await?;
            }
            Ok(is_held)
        })
    }

    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError> {
        // The row stays, so that its fence grows on.
        let free = sql("UPDATE leases SET holder = '', until = 0 WHERE work = ? AND holder = ?");
        self.execute(&free.bind(work).bind(holder)).await.map(drop)
    }

    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError> {
        let row =
            self.row(&sql("SELECT holder FROM leases WHERE work = ? AND until > ?").bind(work).bind(now.0)).await?;
        row.map(|row| Ok(Fields::new(&row, "leases", work).text("holder")?.to_owned())).transpose()
    }
}

/// Notes in a transaction that something is done under a lease; false where another has the work by now. The row is changed, so
/// that on the nodes of a cluster of two transactions, one of which takes the work away, only one comes through.
async fn act_under(transaction: &mut Transaction, lease: &Lease) -> Result<bool, Failure> {
    let act = sql("UPDATE leases SET acts = acts + 1 WHERE work = ? AND fence = ?");
    Ok(transaction.execute(&act.bind(lease.work.as_str()).bind(fence(lease))).await? == 1)
}

async fn fence_of(transaction: &mut Transaction, work: &str) -> Result<Option<Lease>, Failure> {
    let row = transaction.row(&sql("SELECT fence FROM leases WHERE work = ?").bind(work)).await?;
    let lease = |row| Ok(Lease { work: work.to_owned(), fence: Fields::new(row, "leases", work).number("fence")? });
    row.as_ref().map(lease).transpose().map_err(|error: StoreError| error.into())
}

fn fence(lease: &Lease) -> i64 {
    i64::try_from(lease.fence).unwrap_or(i64::MAX)
}
