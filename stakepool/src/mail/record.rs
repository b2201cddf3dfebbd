//! Whether the mail server takes mail, and whom mail did not reach. All instances keep it together, in their stores.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MailError, MailFailure, MailFailureStore, StoreError, UpkeepStore};
use stakepool_core::time::UnixTime;
use tokio::time::timeout;

use crate::json_note::set_json_note;

/// How long a failure is shown of a user to whom nothing was sent since.
const LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many tries in a row must fail before the mail server counts as away. One mail is tried as often within 70 seconds.
const TRIES: u32 = 3;
/// How long they must have failed: several mails of one moment fail at once where the server is just started.
const FAILS_FOR: Duration = Duration::from_secs(60);
/// To how many users mail must be refused in a row before the mail server counts as refusing all of it.
const REFUSED: usize = 5;
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
    /// Which mail server took none, as the operator named it; empty where that was not noted.
    #[serde(default)]
    pub server: String,
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
    server: String,
    failures: Arc<dyn MailFailureStore>,
    notes: Arc<dyn UpkeepStore>,
    /// How many tries in a row have failed here, and when the first one did.
    failing: Mutex<Option<(u32, UnixTime)>>,
    /// To whom mail was refused here since one was taken, and when it first was.
    refused: Mutex<Option<(BTreeSet<UserId>, UnixTime)>>,
}

impl MailRecord {
    pub(super) fn new(server: &str, failures: Arc<dyn MailFailureStore>, notes: Arc<dyn UpkeepStore>) -> Self {
        Self { server: server.to_owned(), failures, notes, failing: Mutex::default(), refused: Mutex::default() }
    }

    /// Notes what became of a try to mail a user, or somebody else.
    pub(super) async fn tried(&self, user: Option<UserId>, sent: &Result<(), MailError>, now: UnixTime) {
        let noted = async {
            match sent {
                Ok(()) => {
                    *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    self.answered().await?;
                    if let Some(user) = user {
                        self.failures.mail_arrived(user).await?;
                    }
                    Ok(())
                }
                Err(MailError::Away(reason)) => self.away(reason, now).await,
                Err(MailError::Refused(reason)) => self.refused(user, reason, now).await,
                // The server has answered.
                Err(MailError::Later(_)) => self.answered().await,
                // It was not asked.
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
        if self.outage().await?.is_some() { self.notes.forget_note(NOTE).await } else { Ok(()) }
    }

    async fn away(&self, reason: &str, now: UnixTime) -> Result<(), StoreError> {
        let (tries, since) = self.count_failure(now);
        let before = self.outage().await?;
        if before.is_none() && (tries < TRIES || now < since.plus(FAILS_FOR)) {
            return Ok(());
        }
        self.note_outage(before, since, reason, now).await
    }

    /// One address may be wrong, and so may some that strangers give. Where users' mail is refused without an end, it is
    /// not them.
    async fn refused(&self, user: Option<UserId>, reason: &str, now: UnixTime) -> Result<(), StoreError> {
        let Some((users, since)) = user.map(|user| self.count_refusal(user, now)) else { return Ok(()) };
        if users < REFUSED || now < since.plus(FAILS_FOR) {
            return Ok(());
        }
        let reason = format!("it refused mail to {users} or more users in a row: {reason}");
        self.note_outage(self.outage().await?, since, &reason, now).await
    }

    fn count_refusal(&self, user: UserId, now: UnixTime) -> (usize, UnixTime) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (users, since) = refused.get_or_insert_with(|| (BTreeSet::new(), now));
        if users.len() < REFUSED {
            users.insert(user);
        }
        (users.len(), *since)
    }

    async fn note_outage(
        &self,
        before: Option<MailOutage>,
        since: UnixTime,
        reason: &str,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let since = before.map_or(since, |before| before.since.min(since));
        let outage = MailOutage { since, last_try: now, reason: reason.to_owned(), server: self.server.clone() };
        set_json_note(self.notes.as_ref(), NOTE, &outage).await
    }

    fn count_failure(&self, now: UnixTime) -> (u32, UnixTime) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, since) = failing.unwrap_or((0, now));
        *failing.insert((tries.saturating_add(1), since))
    }

    async fn outage(&self) -> Result<Option<MailOutage>, StoreError> {
        let notes = self.notes.notes(NOTE).await?;
        let note = notes.iter().find(|(name, _)| name == NOTE);
        let outage = note.and_then(|(_, text)| serde_json::from_str::<MailOutage>(text).ok());
        Ok(outage.filter(|outage| outage.server.is_empty() || outage.server == self.server))
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
        (MailRecord::new("mail:25", store.clone(), store.clone()), MailRecord::new("mail:25", store.clone(), store))
    }

    fn away() -> Result<(), MailError> {
        Err(MailError::Away(AWAY.to_owned()))
    }

    async fn lasting_outage(record: &MailRecord) {
        for time in [NOW, NOW, NOW.plus(FAILS_FOR)] {
            record.tried(None, &away(), time).await;
        }
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
        let (reason, server) = (AWAY.to_owned(), "mail:25".to_owned());
        let expected = MailOutage { since: NOW, last_try: UnixTime(NOW.0 + 60), reason, server };
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
        lasting_outage(&one).await;
        one.tried(None, &Err(MailError::Unsendable("no such domain".to_owned())), NOW).await;
        assert!(outage(&one).await.is_some());
        one.tried(Some(UserId(1)), &Err(MailError::Refused("550".to_owned())), NOW).await;
        assert!(outage(&one).await.is_some(), "a refusal takes no mail");
        one.tried(None, &Err(MailError::Later("450".to_owned())), NOW).await;
        assert_eq!(outage(&one).await, None);
    }

    #[tokio::test]
    async fn several_mails_of_one_moment_make_no_outage() {
        let (one, _) = instances();
        for seconds in [0, 0, 0, 1, 2, 59] {
            one.tried(None, &away(), UnixTime(NOW.0 + seconds)).await;
            assert_eq!(outage(&one).await, None, "{seconds}");
        }
        one.tried(None, &away(), NOW.plus(FAILS_FOR)).await;
        assert!(outage(&one).await.is_some());
    }

    #[tokio::test]
    async fn a_server_that_refuses_the_mail_of_several_users_takes_none() {
        let (one, other) = instances();
        let refused = || Err(MailError::Refused("554 5.7.1 blocked".to_owned()));
        for seconds in 0..600 {
            one.tried(Some(UserId(seconds % 4)), &refused(), UnixTime(NOW.0 + seconds)).await;
        }
        assert_eq!(outage(&one).await, None, "these addresses may be wrong");
        one.tried(Some(UserId(4)), &refused(), UnixTime(NOW.0 + 600)).await;
        let found = outage(&other).await.unwrap();
        assert!(found.reason.contains("5 or more users in a row: 554 5.7.1 blocked"), "{found:?}");
        one.tried(Some(UserId(5)), &Ok(()), UnixTime(NOW.0 + 601)).await;
        assert_eq!(outage(&other).await, None);
        one.tried(Some(UserId(6)), &refused(), UnixTime(NOW.0 + 602)).await;
        assert_eq!(outage(&one).await, None, "counting begins anew");
    }

    #[tokio::test]
    async fn what_was_noted_of_another_mail_server_does_not_count() {
        let store = Arc::new(MemoryStore::default());
        let of = |server| MailRecord::new(server, store.clone(), store.clone());
        lasting_outage(&of("old:25")).await;
        assert!(outage(&of("old:25")).await.is_some());
        assert_eq!(outage(&of("new:25")).await, None);
    }

    #[tokio::test]
    async fn nothing_but_a_mail_that_is_taken_ends_it() {
        let (one, _) = instances();
        lasting_outage(&one).await;
        let days = NOW.plus(Duration::from_secs(5 * 24 * 3600));
        assert!(one.troubles(days).await.unwrap().away.is_some(), "nothing was sent meanwhile");
    }
}
