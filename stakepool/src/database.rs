//! Whether the pool's database works: what real calls meet counts at once, and between them a write is tried now and then.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use stakepool_core::ports::{ServerState, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::stores::Stores;

/// How often a write is tried while all is well.
const TRY: Duration = Duration::from_secs(15);
/// The least time between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether its files, or one of its servers, are still there. No other call would tell.
const LOOK: Duration = Duration::from_millis(500);
/// How soon those who wait hear that it fails.
const STEP: Duration = Duration::from_millis(100);
/// How long a try may take before the database counts as failing.
const SLOW: Duration = Duration::from_secs(3);
/// How long a try is waited for after that: longer than a store tries by itself, for it then says why.
const LIMIT: Duration = Duration::from_secs(20);
/// How long a failure of a real call counts after a try has succeeded.
const COUNTS: Duration = Duration::from_secs(60);

/// How the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseCondition {
    /// It takes what is written.
    Ok,
    /// It takes it now, but failed within the last minute.
    Unsteady,
    /// It cannot be used.
    Failing,
}

/// How the database is, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatabaseReport {
    /// How it is.
    pub state: DatabaseCondition,
    /// What it said last, where it fails or failed lately.
    pub error: Option<String>,
    /// Since when it fails.
    pub since: Option<UnixTime>,
    /// When a write was last seen to work.
    pub last_write: Option<UnixTime>,
    /// Its servers, where it is on any.
    pub servers: Option<ServerState>,
}

impl Default for DatabaseReport {
    /// A database of which nothing bad was heard.
    fn default() -> Self {
        Self { state: DatabaseCondition::Ok, error: None, since: None, last_write: None, servers: None }
    }
}

#[derive(Default)]
struct State {
    failure: Option<Failure>,
    last_write: Option<UnixTime>,
}

struct Failure {
    error: String,
    began: Instant,
    last: Instant,
    /// Whether a try has succeeded since.
    outlived: bool,
}

/// What is known of the database.
pub struct DatabaseHealth {
    store: Arc<dyn UpkeepStore>,
    state: Mutex<State>,
    doubted: Notify,
}

impl DatabaseHealth {
    /// The health of a store, which is taken to work.
    pub(crate) fn of(store: Arc<dyn UpkeepStore>) -> Self {
        Self { store, state: Mutex::default(), doubted: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what a call of a store came to. A store that answers no is no failing one.
    pub(crate) fn note<T>(&self, answer: &Result<T, StoreError>) {
        if let Err(StoreError::Backend(error)) = answer {
            self.failed(error);
            self.doubted.notify_one();
        }
    }

    fn failed(&self, error: &str) {
        let (mut state, now) = (self.state(), Instant::now());
        match &mut state.failure {
            Some(failure) => {
                (failure.last, failure.outlived) = (now, false);
                error.clone_into(&mut failure.error);
            }
            None => {
                tracing::error!(error, "the database fails");
                let error = error.to_owned();
                state.failure = Some(Failure { error, began: now, last: now, outlived: false });
            }
        }
    }

    /// Tries a write, and notes what it comes to.
    pub async fn look(&self, now: UnixTime) {
        let mut write = pin!(self.store.try_write(now));
        for limit in [SLOW, LIMIT] {
            match timeout(limit, &mut write).await {
                Ok(Ok(())) => return self.wrote(now),
                Ok(Err(error)) => return self.failed(&reason(error)),
                Err(_) if self.is_failing() => {}
                Err(_) => self.failed(&format!(
                    "a write did not end within {} seconds: its disk or its server is too slow or does not answer, or a \
                     program holds its lock",
                    limit.as_secs()
                )),
            }
        }
    }

    /// Whether it fails for a reason that is known.
    pub(crate) fn is_failing(&self) -> bool {
        self.state().failure.as_ref().is_some_and(|failure| !failure.outlived)
    }

    /// Waits until it fails for a reason that is known.
    pub(crate) async fn until_it_fails(&self) {
        while !self.is_failing() {
            sleep(STEP).await;
        }
    }

    fn wrote(&self, now: UnixTime) {
        let mut state = self.state();
        state.last_write = Some(now);
        if let Some(failure) = &mut state.failure {
            failure.outlived = true;
        }
        if state.failure.as_ref().is_some_and(|failure| failure.last.elapsed() >= COUNTS) {
            state.failure = None;
            tracing::info!("the database works again");
        }
    }

    /// Tries writes without end: now and then, at once where a call failed, and again and again until one succeeds.
    pub(crate) async fn watch(&self, now: impl Fn() -> UnixTime) {
        loop {
            self.look(now()).await;
            sleep(PAUSE).await;
            if !self.is_failing() {
                let _ = timeout(TRY.saturating_sub(PAUSE), self.doubt()).await;
            }
        }
    }

    /// Waits until a call has failed, or the files are not what they were, or no server can be used.
    async fn doubt(&self) {
        loop {
            if timeout(LOOK, self.doubted.notified()).await.is_ok() {
                return;
            }
            if let Err(error) = self.store.check().await {
                self.failed(&reason(error));
                return;
            }
        }
    }

    /// How the database is at the moment `now`, without its servers.
    pub fn report(&self, now: UnixTime) -> DatabaseReport {
        let state = self.state();
        let last_write = state.last_write;
        let Some(failure) = &state.failure else { return DatabaseReport { last_write, ..DatabaseReport::default() } };
        let condition = if failure.outlived { DatabaseCondition::Unsteady } else { DatabaseCondition::Failing };
        let since = Some(now.minus(failure.began.elapsed()));
        DatabaseReport { state: condition, error: Some(failure.error.clone()), since, last_write, servers: None }
    }
}

/// What a store says of a failure.
fn reason(error: StoreError) -> String {
    match error {
        StoreError::Backend(reason) => reason,
        other => other.to_string(),
    }
}

impl fmt::Debug for DatabaseHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseHealth").finish_non_exhaustive()
    }
}

/// Stores whose failures count.
pub(crate) struct WatchedStores {
    pub(crate) stores: Stores,
    pub(crate) health: Arc<DatabaseHealth>,
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// A disk that fails, and whose files are meddled with, as it is set to.
    #[derive(Default)]
    struct Disk {
        error: Mutex<Option<&'static str>>,
        /// How long a write takes.
        delay: Mutex<Duration>,
        meddled: Mutex<Option<&'static str>>,
    }

    impl Disk {
        fn is(&self, error: Option<&'static str>) {
            *self.error.lock().unwrap() = error;
        }
    }

    #[async_trait]
    impl UpkeepStore for Disk {
        async fn try_write(&self, _: UnixTime) -> Result<(), StoreError> {
            let delay = *self.delay.lock().unwrap();
            sleep(delay).await;
            let error = self.meddled.lock().unwrap().or(*self.error.lock().unwrap());
            error.map_or(Ok(()), |error| Err(StoreError::Backend(error.to_owned())))
        }

        async fn check(&self) -> Result<(), StoreError> {
            self.meddled.lock().unwrap().map_or(Ok(()), |error| Err(StoreError::Backend(error.to_owned())))
        }

        async fn set_note(&self, _: &str, _: &str) -> Result<(), StoreError> {
            Ok(())
        }

        async fn forget_note(&self, _: &str) -> Result<(), StoreError> {
            Ok(())
        }

        async fn notes(&self, _: &str) -> Result<Vec<(String, String)>, StoreError> {
            Ok(Vec::new())
        }
    }

    fn is(health: &DatabaseHealth) -> (DatabaseCondition, Option<String>) {
        let report = health.report(UnixTime(100));
        (report.state, report.error)
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_is_seen_within_seconds_and_so_is_that_it_has_room_which_is_over_a_minute_later() {
        let disk = Arc::new(Disk::default());
        let health = Arc::new(DatabaseHealth::of(disk.clone()));
        let watching = tokio::spawn({
            let health = health.clone();
            async move { health.watch(|| UnixTime(100)).await }
        });
        sleep(Duration::from_secs(40)).await;
        assert_eq!(is(&health), (DatabaseCondition::Ok, None));
        disk.is(Some("no space is left"));
        sleep(TRY).await;
        assert_eq!(is(&health), (DatabaseCondition::Failing, Some("no space is left".to_owned())));
        disk.is(None);
        // As long as it fails it is tried again and again: that it works is seen soon.
        sleep(PAUSE + Duration::from_millis(1)).await;
        assert_eq!(is(&health).0, DatabaseCondition::Unsteady);
        sleep(COUNTS + TRY).await;
        assert_eq!(is(&health), (DatabaseCondition::Ok, None));
        watching.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_are_removed_or_replaced_are_seen_within_two_seconds() {
        let disk = Arc::new(Disk::default());
        let health = Arc::new(DatabaseHealth::of(disk.clone()));
        let watching = tokio::spawn({
            let health = health.clone();
            async move { health.watch(|| UnixTime(100)).await }
        });
        for wait in 20..24 {
            sleep(Duration::from_secs(wait)).await;
            assert_ne!(is(&health).0, DatabaseCondition::Failing);
            *disk.meddled.lock().unwrap() = Some("its file was removed");
            sleep(LOOK + PAUSE).await;
            assert_eq!(is(&health), (DatabaseCondition::Failing, Some("its file was removed".to_owned())));
            *disk.meddled.lock().unwrap() = None;
        }
        watching.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_silent_counts_as_failing_after_three_seconds_and_its_reason_is_named_once_it_is_known() {
        let disk = Arc::new(Disk::default());
        let health = Arc::new(DatabaseHealth::of(disk.clone()));
        *disk.delay.lock().unwrap() = Duration::from_secs(15);
        disk.is(Some("it cannot be reached"));
        let looking = tokio::spawn({
            let health = health.clone();
            async move { health.look(UnixTime(100)).await }
        });
        sleep(SLOW + Duration::from_millis(1)).await;
        let (state, error) = is(&health);
        assert_eq!(state, DatabaseCondition::Failing);
        assert!(error.is_some_and(|error| error.contains("within 3 seconds")));
        looking.await.unwrap();
        assert_eq!(is(&health), (DatabaseCondition::Failing, Some("it cannot be reached".to_owned())));
        // The next silence does not hide the reason again.
        *disk.delay.lock().unwrap() = Duration::from_secs(3600);
        health.look(UnixTime(100)).await;
        assert_eq!(is(&health).1.as_deref(), Some("it cannot be reached"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_fails_counts_at_once_and_until_a_write_is_seen_to_work() {
        let health = DatabaseHealth::of(Arc::new(Disk::default()));
        health.note(&Err::<(), _>(StoreError::EmailTaken));
        health.note(&Ok::<_, StoreError>(()));
        assert_eq!(is(&health).0, DatabaseCondition::Ok, "a store that answers no works");
        health.note(&Err::<(), _>(StoreError::Backend("its disk is full".into())));
        assert_eq!(is(&health), (DatabaseCondition::Failing, Some("its disk is full".to_owned())));
        health.look(UnixTime(100)).await;
        assert_eq!(is(&health).0, DatabaseCondition::Unsteady);
        assert_eq!(health.report(UnixTime(100)).last_write, Some(UnixTime(100)));
    }
}
