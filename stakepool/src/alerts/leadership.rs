//! Which of several instances alerts the operator.

use std::time::Duration;

use stakepool_core::accounts::SecureRandom;
use stakepool_core::ports::LeaseStore;
use stakepool_core::time::UnixTime;

/// What the instances call this work.
const WORK: &str = "alerts";
/// How long an instance has it without asking again.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// Whether this instance sends, of all on the database. Where the database does not say, each of them does.
pub(super) struct Leadership {
    holder: String,
    is_ours: bool,
}

impl Leadership {
    pub(super) fn new(random: &dyn SecureRandom) -> Self {
        let mut name = [0; 16];
        random.fill(&mut name);
        Self { holder: hex::encode(name), is_ours: false }
    }

    pub(super) const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Takes or keeps the work; true where it was another's until now.
    pub(super) async fn begins(&mut self, leases: &dyn LeaseStore, now: UnixTime) -> bool {
        let lease = leases.lease(WORK, &self.holder, now, now.plus(LEASE)).await;
        let was_ours = std::mem::replace(&mut self.is_ours, lease.unwrap_or(true));
        self.is_ours && !was_ours
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use stakepool_core::accounts::SystemRandom;
    use stakepool_core::ports::StoreError;
    use stakepool_db::Database;

    use super::*;

    #[tokio::test]
    async fn one_instance_tells_and_another_takes_over_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_sqlite(&folder.path().join("pool.sqlite"), Default::default()).await.unwrap();
        let (mut first, mut second) = (Leadership::new(&SystemRandom), Leadership::new(&SystemRandom));
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
    }

    #[tokio::test]
    async fn an_instance_tells_where_the_database_does_not_answer() {
        let mut turn = Leadership::new(&SystemRandom);
        assert!(turn.begins(&Broken, UnixTime(0)).await && turn.is_ours());
    }
}
