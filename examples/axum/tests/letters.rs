//! Mail that stays here, for tests to read.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::ports::{Mail, MailError, Mailer};

/// A mail server that keeps what it gets.
#[derive(Default)]
pub struct Letters(Mutex<Vec<Mail>>);

#[async_trait]
impl Mailer for Letters {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

impl Letters {
    /// How many letters came.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Takes the letter to an address whose subject has a word, once it is there: mails are sent behind the answer.
    pub async fn take(&self, to: &str, word: &str) -> Mail {
        for _ in 0..1000 {
            if let Some(found) = self.find(to, word) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no letter to {to} about “{word}”");
    }

    fn find(&self, to: &str, word: &str) -> Option<Mail> {
        let mut kept = self.0.lock().unwrap();
        let found = kept.iter().position(|mail| mail.to.as_str() == to && mail.subject.contains(word))?;
        Some(kept.remove(found))
    }

    /// Takes such a letter: the token of its link.
    pub async fn token(&self, to: &str, word: &str) -> String {
        self.take(to, word).await.text.split_once("?t=").unwrap().1[..64].to_owned()
    }

    /// That there is no letter to an address, nor one on its way.
    pub async fn assert_none(&self, to: &str) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(self.0.lock().unwrap().iter().all(|mail| mail.to.as_str() != to), "a letter to {to}");
    }
}
