//! Which of several instances alerts the operator.

use std::time::Duration;

use stakepool_core::ports::LeaseStore;
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
}

impl Leadership {
    /// Of an instance with a name that no other has.
    pub(super) fn new(holder: &str) -> Self {
        Self { holder: holder.to_owned(), is_ours: false }
    }

    pub(super) const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Takes or keeps the work; true where it was another's until now.
    pub(super) async fn begins(&mut self, leases: &dyn LeaseStore, now: UnixTime) -> bool {
        let lease = timeout(PATIENCE, leases.lease(WORK, &self.holder, now, now.plus(LEASE))).await;
        let lease = lease.unwrap_or(Ok(true));
        let was_ours = std::mem::replace(&mut self.is_ours, lease.unwrap_or(true));
        self.is_ours && !was_ours
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
        async fn lease(&self, _: &str, _: &str, _: UnixTime, _: UnixTime) -> Result<bool, StoreError> {
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
    }
}
