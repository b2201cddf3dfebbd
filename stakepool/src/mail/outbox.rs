//! The queue of outgoing mail.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{Clock, Mail, MailError, MailFailure, MailFailureStore, Mailer, StoreError, UpkeepStore};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::record::{MailRecord, MailTroubles};

/// Most mails that wait at a time.
const MAX_WAITING: usize = 1000;
/// Most mails that are handed over at a time.
const AT_A_TIME: usize = 4;
/// Pauses before further tries: a mail server that greylists takes it within minutes.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900)];

/// Sends mail, at once or in the background, and keeps in mind what could not be sent.
#[derive(Clone)]
pub struct Outbox {
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    record: Arc<MailRecord>,
    waiting: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Outbox {
    /// An outbox that sends with `mailer`, and keeps what became of mails in stores that all instances share.
    pub fn new(
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        failures: Arc<dyn MailFailureStore>,
        notes: Arc<dyn UpkeepStore>,
    ) -> Self {
        let (waiting, sending) = (Arc::new(Semaphore::new(MAX_WAITING)), Arc::new(Semaphore::new(AT_A_TIME)));
        let record = Arc::new(MailRecord::new(mailer.server(), failures, notes));
        Self { mailer, clock, record, waiting, sending }
    }

    /// Whether mail is sent at all.
    pub fn is_on(&self) -> bool {
        self.mailer.is_on()
    }

    /// What could not be sent, by any instance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn troubles(&self) -> Result<MailTroubles, StoreError> {
        self.record.troubles(self.clock.now()).await
    }

    /// Sends a mail to a user now. The caller tries again, or gives up with [`Outbox::give_up`].
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, user: Option<UserId>, mail: &Mail) -> Result<(), MailError> {
        let _turn = self.sending.acquire().await;
        let sent = self.mailer.send(mail).await;
        self.record.tried(user, &sent, self.clock.now()).await;
        sent
    }

    /// Sends a mail to the operator now, before all that waits. One that takes longer than `limit` is not sent.
    pub(crate) async fn send_at_once(&self, mail: &Mail, limit: Duration) -> Result<(), MailError> {
        let late = |_| Err(MailError::Away(format!("a mail was not taken within {} seconds", limit.as_secs())));
        let sent = timeout(limit, self.mailer.send(mail)).await.unwrap_or_else(late);
        self.record.tried(None, &sent, self.clock.now()).await;
        sent
    }

    /// Notes that a mail to a user is not sent any more, for the log and the administrators. They know users by number.
    pub async fn give_up(&self, user: Option<UserId>, subject: &str, error: &MailError) {
        tracing::error!(user = user.map(|user| user.0), subject, %error, "a mail was not sent");
        if let Some(user) = user {
            self.record.failed(&MailFailure { user, at: self.clock.now(), reason: error.to_string() }).await;
        }
    }

    /// Sends a mail to a user in the background, trying a few times. What is left when the program stops is lost: front ends
    /// say how to have it sent again.
    pub fn send_later(&self, user: impl Into<Option<UserId>>, mail: Mail) {
        let user = user.into();
        let Ok(place) = self.waiting.clone().try_acquire_owned() else {
            tracing::error!(
                user = user.map(|user| user.0),
                subject = mail.subject,
                "too many mails wait; one was not sent"
            );
            return;
        };
        let outbox = self.clone();
        tokio::spawn(async move {
            let _place = place;
            for pause in PAUSES.map(Some).into_iter().chain([None]) {
                match (outbox.send(user, &mail).await, pause) {
                    (Ok(()), _) => return,
                    (Err(error), Some(pause)) if error.is_passing() => {
                        let user = user.map(|user| user.0);
                        tracing::warn!(user, subject = mail.subject, %error, "a mail is tried again");
                        sleep(pause).await;
                    }
                    (Err(error), _) => return outbox.give_up(user, &mail.subject, &error).await,
                }
            }
        });
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("is_on", &self.is_on()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use stakepool_core::accounts::Email;
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::time::UnixMillis;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Keeps what is logged in this thread, a line an event.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    struct Line<'a>(&'a mut String);

    impl Visit for Line<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.0.push_str(&format!("{}={value:?} ", field.name()));
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut line = String::new();
            event.record(&mut Line(&mut line));
            self.0.lock().unwrap().push(line);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Answers the same to every mail.
    struct Always(MailError);

    #[async_trait]
    impl Mailer for Always {
        fn is_on(&self) -> bool {
            true
        }

        async fn send(&self, _: &Mail) -> Result<(), MailError> {
            Err(self.0.clone())
        }
    }

    /// The time of the test, which pauses.
    struct Runtime(tokio::time::Instant);

    impl Clock for Runtime {
        fn now_millis(&self) -> UnixMillis {
            UnixMillis(i64::try_from(self.0.elapsed().as_millis()).unwrap())
        }
    }

    /// What is logged of a mail to user 7, and what is kept in mind.
    async fn sent_with(error: MailError) -> (Vec<String>, MailTroubles) {
        let lines = Lines::default();
        let _guard = tracing::subscriber::set_default(lines.clone());
        // With one subscriber alone, a line that another test writes first counts as wanted by nobody, for good.
        let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(Runtime(tokio::time::Instant::now()));
        let outbox = Outbox::new(Arc::new(Always(error)), clock, store.clone(), store);
        let to = Email::parse("bob@example.org").unwrap();
        outbox.send_later(UserId(7), Mail { to, subject: "Hello".into(), text: "One".into() });
        while outbox.waiting.available_permits() < MAX_WAITING {
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        let lines = lines.0.lock().unwrap().clone();
        (lines, outbox.troubles().await.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_failure_is_logged_once_with_the_users_number() {
        let (lines, troubles) = sent_with(MailError::Refused("550 5.1.1 no such user".into())).await;
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line.contains("user=7") && line.matches("no such user").count() == 1, "{line}");
        assert!(!line.contains("bob"), "{line}");
        assert_eq!(troubles.failed[&UserId(7)].reason, "the mail server refused the mail: 550 5.1.1 no such user");
        assert_eq!(troubles.away, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_failure_is_tried_five_times_and_a_server_that_is_away_is_kept_in_mind() {
        let (lines, troubles) = sent_with(MailError::Away("mail:25: no".into())).await;
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("user=7")), "{lines:?}");
        assert_eq!(troubles.away.unwrap().reason, "mail:25: no");
        assert!(troubles.failed.contains_key(&UserId(7)));
    }
}
