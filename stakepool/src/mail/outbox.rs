//! The queue of outgoing mail.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::ports::{Mail, MailError, Mailer};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Most mails that wait at a time.
const MAX_WAITING: usize = 1000;
/// Most mails that are handed over at a time.
const AT_A_TIME: usize = 4;
/// Pauses before further tries: a mail server that greylists takes it within minutes.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900)];

/// Sends mail, at once or in the background.
#[derive(Clone)]
pub struct Outbox {
    mailer: Arc<dyn Mailer>,
    waiting: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Outbox {
    /// An outbox that sends with `mailer`.
    pub fn new(mailer: Arc<dyn Mailer>) -> Self {
        let (waiting, sending) = (Arc::new(Semaphore::new(MAX_WAITING)), Arc::new(Semaphore::new(AT_A_TIME)));
        Self { mailer, waiting, sending }
    }

    /// Whether mail is sent at all.
    pub fn is_on(&self) -> bool {
        self.mailer.is_on()
    }

    /// Sends a mail now.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let _turn = self.sending.acquire().await;
        self.mailer.send(mail).await
    }

    /// Sends a mail in the background, trying a few times. What is left when the program stops is lost: front ends
    /// say how to have it sent again.
    pub fn send_later(&self, mail: Mail) {
        let Ok(place) = self.waiting.clone().try_acquire_owned() else {
            tracing::error!(subject = mail.subject, "too many mails wait; one was not sent");
            return;
        };
        let outbox = self.clone();
        tokio::spawn(async move {
            let _place = place;
            for pause in PAUSES.map(Some).into_iter().chain([None]) {
                match (outbox.send(&mail).await, pause) {
                    (Ok(()), _) => return,
                    (Err(MailError::Later(reason)), Some(pause)) => {
                        tracing::warn!(subject = mail.subject, %reason, "a mail is tried again");
                        sleep(pause).await;
                    }
                    (Err(error), _) => {
                        tracing::error!(subject = mail.subject, %error, "a mail was not sent");
                        return;
                    }
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
