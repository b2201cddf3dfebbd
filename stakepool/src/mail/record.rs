//! Whether the mail server takes mail, and whom mail did not reach. All instances keep it together, in their stores.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MailError, MailFailure, MailFailureStore, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::time::timeout;

/// How long a failure is shown of a user to whom nothing was sent since.
const LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many tries in a row must fail before the mail server counts as away. One mail is tried as often within 70 seconds.
const TRIES: u32 = 3;
/// The name of the note about the mail server.
const NOTE: &str = "mail/outage";
/// How long the store may take for a note: a mail is sent, and an alert goes on, without it.
const NOTE_LIMIT: Duration = Duration::from_secs(5);

/// A time in which the mail server takes no mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOutage {
    /// The first try that failed.
    pub since: UnixTime,
    /// The last one.
    pub last_try: UnixTime,
    /// Why it failed.
    pub reason: String,
}

/// What mail could not be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailTroubles {
    /// Where the mail server takes no mail at all: several tries in a row have failed, and none was taken since.
    pub away: Option<MailOutage>,
    /// Users whose last mail was given up.
    pub failed: BTreeMap<UserId, MailFailure>,
}

/// Keeps what became of mails.
pub(super) struct MailRecord {
    failures: Arc<dyn MailFailureStore>,
    notes: Arc<dyn UpkeepStore>,
    /// How many tries in a row have failed here, and when the first one did.
    failing: Mutex<Option<(u32, UnixTime)>>,
}

impl MailRecord {
    pub(super) fn new(failures: Arc<dyn MailFailureStore>, notes: Arc<dyn UpkeepStore>) -> Self {
        Self { failures, notes, failing: Mutex::default() }
    }

    /// Notes what became of a try to mail a user, or somebody else.
    pub(super) async fn tried(&self, user: Option<UserId>, sent: &Result<(), MailError>, now: UnixTime) {
        let noted = async {
            match sent {
                Ok(()) => {
                    self.answered().await?;
                    if let Some(user) = user {
                        self.failures.mail_arrived(user).await?;
                    }
                    Ok(())
                }
                Err(MailError::Away(reason)) => self.away(reason, now).await,
                // The server has answered, or was not asked.
                Err(MailError::Refused(_) | MailError::Later(_)) => self.answered().await,
                Err(_) => Ok(()),
            }
        };
        in_time(noted).await;
    }

    /// Notes that a mail is not sent any more.
    pub(super) async fn failed(&self, failure: &MailFailure) {
        in_time(self.failures.mail_failed(failure)).await;
    }

    async fn answered(&self) -> Result<(), StoreError> {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // Also one that another instance noted, or this one before a restart.
        if self.outage().await?.is_some() { self.notes.set_note(NOTE, "").await } else { Ok(()) }
    }

    async fn away(&self, reason: &str, now: UnixTime) -> Result<(), StoreError> {
        let (tries, since) = self.count_failure(now);
        let before = self.outage().await?;
        if tries < TRIES && before.is_none() {
            return Ok(());
        }
        let since = before.map_or(since, |before| before.since.min(since));
        let outage = MailOutage { since, last_try: now, reason: reason.to_owned() };
        let text = serde_json::to_string(&outage).map_err(|error| StoreError::Backend(error.to_string()))?;
        self.notes.set_note(NOTE, &text).await
    }

    fn count_failure(&self, now: UnixTime) -> (u32, UnixTime) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, since) = failing.unwrap_or((0, now));
        *failing.insert((tries.saturating_add(1), since))
    }

    async fn outage(&self) -> Result<Option<MailOutage>, StoreError> {
        let notes = self.notes.notes(NOTE).await?;
        let note = notes.iter().find(|(name, _)| name == NOTE);
        Ok(note.and_then(|(_, text)| serde_json::from_str(text).ok()))
    }

    pub(super) async fn troubles(&self, now: UnixTime) -> Result<MailTroubles, StoreError> {
        let failed = self.failures.mail_failures(now.minus(LASTS)).await?;
        let failed = failed.into_iter().map(|failure| (failure.user, failure)).collect();
        Ok(MailTroubles { away: self.outage().await?, failed })
    }
}

impl fmt::Debug for MailRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailRecord").field("failing", &self.failing).finish_non_exhaustive()
    }
}

/// Writes a note, or goes on without it.
async fn in_time(noted: impl Future<Output = Result<(), StoreError>>) {
    match timeout(NOTE_LIMIT, noted).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "what became of a mail was not noted"),
        Err(_) => tracing::warn!("what became of a mail was not noted: the database takes too long"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::testkit::MemoryStore;

    const NOW: UnixTime = UnixTime(1_700_000_000);
    const AWAY: &str = "mail:25: connection refused";

    /// Two instances on one store.
    fn instances() -> (MailRecord, MailRecord) {
        let store = Arc::new(MemoryStore::default());
        (MailRecord::new(store.clone(), store.clone()), MailRecord::new(store.clone(), store))
    }

    fn away() -> Result<(), MailError> {
        Err(MailError::Away(AWAY.to_owned()))
    }

    async fn outage(record: &MailRecord) -> Option<MailOutage> {
        record.troubles(NOW).await.unwrap().away
    }

    #[tokio::test]
    async fn a_user_is_kept_in_mind_by_all_instances_until_a_mail_arrives_or_a_month_is_over() {
        let (one, other) = instances();
        let failure = |user| MailFailure { user: UserId(user), at: NOW, reason: "550 no such user".to_owned() };
        one.failed(&failure(1)).await;
        one.failed(&failure(2)).await;
        assert_eq!(other.troubles(NOW).await.unwrap().failed[&UserId(1)], failure(1));
        other.tried(Some(UserId(1)), &Ok(()), NOW).await;
        other.tried(None, &Ok(()), NOW).await;
        assert_eq!(one.troubles(NOW).await.unwrap().failed.keys().collect::<Vec<_>>(), [&UserId(2)]);
        assert!(one.troubles(NOW.plus(LASTS)).await.unwrap().failed.is_empty());
    }

    #[tokio::test]
    async fn a_server_is_away_after_some_tries_for_all_instances_until_a_mail_of_any_is_taken() {
        let (one, other) = instances();
        for _ in 1..TRIES {
            one.tried(None, &away(), NOW).await;
            assert_eq!(outage(&one).await, None, "it may be started at this moment");
        }
        one.tried(Some(UserId(1)), &away(), UnixTime(NOW.0 + 60)).await;
        let expected = MailOutage { since: NOW, last_try: UnixTime(NOW.0 + 60), reason: AWAY.to_owned() };
        assert_eq!(outage(&other).await, Some(expected));
        // Another instance, or this one after a restart, need not count again.
        other.tried(None, &away(), UnixTime(NOW.0 + 90)).await;
        let seen = outage(&one).await.unwrap();
        assert_eq!((seen.since, seen.last_try), (NOW, UnixTime(NOW.0 + 90)));
        other.tried(None, &Ok(()), NOW).await;
        assert_eq!((outage(&one).await, outage(&other).await), (None, None));
    }

    #[tokio::test]
    async fn a_server_that_answers_is_not_away_and_an_address_that_cannot_be_mailed_says_nothing_of_it() {
        let (one, _) = instances();
        for _ in 0..TRIES {
            one.tried(None, &away(), NOW).await;
        }
        one.tried(None, &Err(MailError::Unsendable("no such domain".to_owned())), NOW).await;
        assert!(outage(&one).await.is_some());
        one.tried(None, &Err(MailError::Refused("550".to_owned())), NOW).await;
        assert_eq!(outage(&one).await, None);
    }

    #[tokio::test]
    async fn nothing_but_a_mail_that_is_taken_ends_it() {
        let (one, _) = instances();
        for _ in 0..TRIES {
            one.tried(None, &away(), NOW).await;
        }
        let days = NOW.plus(Duration::from_secs(5 * 24 * 3600));
        assert!(one.troubles(days).await.unwrap().away.is_some(), "nothing was sent meanwhile");
    }
}
