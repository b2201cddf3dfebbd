//! Which of several instances alerts the operator.

use std::time::Duration;

use stakepool_core::ports::{Lease, LeaseStore};
use stakepool_core::time::UnixTime;
use tokio::time::timeout;

use crate::alert_record::WORK;

/// How long an instance has it without asking again.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How long the database may take to say who has the work.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether this instance sends, of all on the database. Where the database does not say, each of them does.
pub(super) struct Leadership {
    holder: String,
    is_ours: bool,
    lease: Option<Lease>,
}

impl Leadership {
    /// Of an instance with a name that no other has.
    pub(super) fn new(holder: &str) -> Self {
        Self { holder: holder.to_owned(), is_ours: false, lease: None }
    }

    /// Whether it had the work when that was last asked.
    pub(super) const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// The lease of the work, where the database gave it.
    pub(super) const fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Takes or keeps the work; true where it was another's until now, also in between.
    pub(super) async fn begins(&mut self, leases: &dyn LeaseStore, now: UnixTime) -> bool {
        let lease = timeout(PATIENCE, leases.lease(WORK, &self.holder, now, now.plus(LEASE))).await;
        let was_ours = self.is_ours;
        match lease {
            Ok(Ok(lease)) => {
                let is_another = self.lease.is_some() && lease.is_some() && self.lease != lease;
                self.is_ours = lease.is_some();
                self.lease = lease;
                self.is_ours && (!was_ours || is_another)
            }
            _ => {
                self.is_ours = true;
                !was_ours
            }
        }
    }

    /// Whether it still has the work, to be asked before something is sent: it may have stood still for longer than a lease
    /// lasts, and another has sent it.
    pub(super) async fn lasts(&mut self, leases: &dyn LeaseStore) -> bool {
        if let Some(lease) = &self.lease
            && let Ok(Ok(false)) = timeout(PATIENCE, leases.holds(lease)).await
        {
            self.is_ours = false;
        }
        self.is_ours
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use stakepool_core::ports::StoreError;
    use stakepool_db::Database;

    use super::*;

    #[tokio::test]
    async fn one_instance_tells_and_another_takes_over_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_sqlite(&folder.path().join("pool.sqlite"), Default::default()).await.unwrap();
        let (mut first, mut second) = (Leadership::new("a"), Leadership::new("b"));
        assert!(first.begins(&database, UnixTime(0)).await);
        assert!(!second.begins(&database, UnixTime(15)).await);
        assert!(!first.begins(&database, UnixTime(30)).await);
        assert_eq!((first.is_ours(), second.is_ours()), (true, false));
        assert!(second.begins(&database, UnixTime(91)).await);
        assert!(!first.begins(&database, UnixTime(92)).await);
        assert_eq!((first.is_ours(), second.is_ours()), (false, true));
    }

    struct Broken;

    #[async_trait]
    impl LeaseStore for Broken {
        async fn lease(&self, _: &str, _: &str, _: UnixTime, _: UnixTime) -> Result<Option<Lease>, StoreError> {
            Err(StoreError::Backend("the disk is full".into()))
        }

        async fn holds(&self, _: &Lease) -> Result<bool, StoreError> {
            Err(StoreError::Backend("the disk is full".into()))
        }

        async fn set_note_under(&self, _: &Lease, _: &str, _: &str) -> Result<bool, StoreError> {
            Err(StoreError::Backend("the disk is full".into()))
        }

        async fn give_back(&self, _: &str, _: &str) -> Result<(), StoreError> {
            Ok(())
        }

        async fn holder(&self, _: &str, _: UnixTime) -> Result<Option<String>, StoreError> {
            Ok(None)
        }
    }

    #[tokio::test]
    async fn an_instance_tells_where_the_database_does_not_answer() {
        let mut turn = Leadership::new("a");
        assert!(turn.begins(&Broken, UnixTime(0)).await && turn.is_ours());
        assert!(turn.lasts(&Broken).await);
    }

    #[tokio::test]
    async fn an_instance_that_stood_still_does_not_send_what_another_sends() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_sqlite(&folder.path().join("pool.sqlite"), Default::default()).await.unwrap();
        let (mut paused, mut other) = (Leadership::new("a"), Leadership::new("b"));
        assert!(paused.begins(&database, UnixTime(0)).await && paused.lasts(&database).await);
        assert!(other.begins(&database, UnixTime(61)).await);
        assert!(!paused.lasts(&database).await && !paused.is_ours());
        // And one that had it again before it noticed knows that it begins anew.
        assert!(paused.begins(&database, UnixTime(200)).await);
        assert!(other.begins(&database, UnixTime(300)).await && paused.begins(&database, UnixTime(400)).await);
    }
}
