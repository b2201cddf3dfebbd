//! Mail that stays here, for tests to read.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::ports::{Mail, MailError, Mailer};
use tokio::sync::watch;

use crate::world::until;

/// A mail server that keeps what it gets.
#[derive(Default)]
pub struct Letters {
    kept: Mutex<Vec<Mail>>,
    stands_still: watch::Sender<bool>,
    waiting: AtomicUsize,
}

#[async_trait]
impl Mailer for Letters {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.stands_still.subscribe().wait_for(|stands_still| !stands_still).await.unwrap();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.kept.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

impl Letters {
    /// Lets nothing through, or what waits and all that comes.
    pub fn stand_still(&self, stands_still: bool) {
        self.stands_still.send_replace(stands_still);
    }

    /// How many letters wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Takes the letter to an address whose subject has a word, once it is there: mails are sent behind the answer.
    pub async fn take(&self, to: &str, word: &str) -> Mail {
        let find = || {
            let mut kept = self.kept.lock().unwrap();
            let found = kept.iter().position(|mail| mail.to.as_str() == to && mail.subject.contains(word));
            found.map(|found| kept.remove(found))
        };
        until(&format!("a letter to {to} about “{word}”"), find).await
    }

    /// Takes such a letter, and answers the token of its link.
    pub async fn token(&self, to: &str, word: &str) -> String {
        self.take(to, word).await.text.split_once("?t=").unwrap().1[..64].to_owned()
    }

    /// How many letters to an address were not taken.
    pub fn count(&self, to: &str) -> usize {
        self.kept.lock().unwrap().iter().filter(|mail| mail.to.as_str() == to).count()
    }

    /// That there is no other letter to an address, nor one on its way.
    pub async fn assert_none(&self, to: &str) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let kept = self.kept.lock().unwrap();
        let subjects: Vec<_> = kept.iter().filter(|mail| mail.to.as_str() == to).map(|mail| &mail.subject).collect();
        assert!(subjects.is_empty(), "letters to {to}: {subjects:?}");
    }
}
