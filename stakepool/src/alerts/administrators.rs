//! Alerts by mail, to those who administer the pool.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use stakepool_core::accounts::{Email, EmailState, User, UserId};
use stakepool_core::alert::Alert;
use stakepool_core::ports::{AlertError, AlertSink, Mail, StoreError, UserStore};
use tokio::time::timeout;

use crate::alerts::wording::in_words;
use crate::mail::Outbox;
use crate::terms::PoolSettings;

const WAY: &str = "mail";
const NOBODY: &str = "no administrator has a verified e-mail address, and `poolemail` names none of the operator's: have an \
                      administrator verify an address, or set poolemail";
/// How long the database may take to name them.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one mail may take: other channels wait for it, and the lease of the alerts must not end meanwhile.
const MAIL_LIMIT: Duration = Duration::from_secs(40);
/// How many users are read at a time.
const BATCH: u64 = 500;
/// What `poolemail` is unless the operator sets it: the help desk of the coin, whom the pool's troubles do not concern.
const HELP_DESK: &str = "help@excc.co";

/// Mails every administrator with a verified address; where there is none, the pool's own address.
pub(super) struct ToAdministrators {
    settings: PoolSettings,
    users: Arc<dyn UserStore>,
    outbox: Outbox,
    /// Whom the database named last, for when it fails.
    last: Mutex<Vec<Email>>,
}

impl ToAdministrators {
    /// The administrators of a pool.
    pub(super) fn of(settings: &PoolSettings, users: Arc<dyn UserStore>, outbox: Outbox) -> Self {
        Self { settings: settings.clone(), users, outbox, last: Mutex::default() }
    }

    /// Reads who they are, for when the database fails.
    pub(super) async fn remember(&self) {
        if let Ok(Ok(administrators)) = timeout(PATIENCE, self.administrators()).await {
            *self.last() = administrators;
        }
    }

    fn last(&self) -> MutexGuard<'_, Vec<Email>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn addresses(&self) -> Vec<Email> {
        self.remember().await;
        let administrators = self.last().clone();
        let of_pool = || Email::parse(&self.settings.site.help_email).ok().filter(|email| email.as_str() != HELP_DESK);
        if administrators.is_empty() { of_pool().into_iter().collect() } else { administrators }
    }

    async fn administrators(&self) -> Result<Vec<Email>, StoreError> {
        let (mut found, mut after) = (Vec::new(), UserId(0));
        loop {
            let users = self.users.list(after, BATCH).await?;
            let Some(last) = users.last() else { return Ok(found) };
            after = last.id;
            let is_reached = |user: &User| !user.disabled && user.email_state != EmailState::Unverified;
            let administrators = users.into_iter().filter(|user| is_reached(user) && self.settings.administers(user));
            found.extend(administrators.map(|user| user.email));
        }
    }
}

#[async_trait]
impl AlertSink for ToAdministrators {
    fn way(&self) -> &'static str {
        WAY
    }

    async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let failed = |reason: String| AlertError { way: WAY, reason };
        let addresses = self.addresses().await;
        if addresses.is_empty() {
            // The alerts wait, and the way's first failure is logged.
            return Err(failed(NOBODY.to_owned()));
        }
        let site = &self.settings.site;
        let (subject, text) = in_words(&self.settings.site.name, alerts);
        let text = format!("{text}\n\nThe whole state: {}\n", site.url(&site.paths.status));
        let (mut sent, mut error) = (0, None);
        let mails = addresses.into_iter().map(|to| {
            let mail = Mail { to, subject: subject.clone(), text: text.clone() };
            async move { self.outbox.send_at_once(&mail, MAIL_LIMIT).await }
        });
        for outcome in join_all(mails).await {
            match outcome {
                Ok(()) => sent += 1,
                Err(failure) => error = Some(failure),
            }
        }
        // One who has the alert can pass it on; nobody gets it twice.
        match error {
            Some(error) if sent == 0 => Err(failed(error.to_string())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use stakepool_core::alert::{AlertKind, AlertPhase};
    use stakepool_core::ports::{MailError, Mailer};
    use stakepool_core::time::UnixTime;
    use stakepool_db::Database;

    use super::*;
    use crate::alerts::scene;
    use crate::parts::Parts;

    fn administrators(settings: &PoolSettings, parts: &Parts) -> ToAdministrators {
        let notes = (parts.mail_failures.clone(), parts.upkeep.clone());
        let outbox = Outbox::new(parts.mailer.clone(), parts.clock.clone(), notes.0, notes.1);
        ToAdministrators::of(settings, parts.users.clone(), outbox)
    }

    #[derive(Default)]
    struct Letters(Mutex<Vec<Mail>>);

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

    async fn add(database: &Database, email: &str, verified: bool, admin: bool) -> UserId {
        database.create(scene::new_user(email, verified, admin)).await.unwrap()
    }

    /// To whom an alert goes.
    async fn told(database: Arc<Database>, pool_email: &str, named: Vec<UserId>) -> Result<Vec<String>, AlertError> {
        let letters = Arc::new(Letters::default());
        let mut parts = scene::parts(database);
        parts.mailer = letters.clone();
        let mut settings = scene::settings();
        settings.site.help_email = pool_email.to_owned();
        settings.administrators = named.into();
        let alert = Alert {
            kind: AlertKind::WalletLocked,
            phase: AlertPhase::Begins,
            about: "wallet a:1".into(),
            text: "it is locked".into(),
            since: UnixTime(5),
        };
        administrators(&settings, &parts).send(&[alert]).await?;
        let letters = letters.0.lock().unwrap();
        assert!(letters.iter().all(|letter| letter.text.contains("it is locked") && letter.text.contains("/status")));
        Ok(letters.iter().map(|letter| letter.to.to_string()).collect())
    }

    /// A mail server that accepts a connection and says nothing.
    struct Silent;

    #[async_trait]
    impl Mailer for Silent {
        fn is_on(&self) -> bool {
            true
        }

        async fn send(&self, _: &Mail) -> Result<(), MailError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn a_silent_mail_server_keeps_no_other_channel_waiting_longer_for_more_administrators() {
        let (database, _folder) = scene::database().await;
        for email in ["a@example.org", "b@example.org", "c@example.org"] {
            add(&database, email, true, true).await;
        }
        let mut parts = scene::parts(database);
        parts.mailer = Arc::new(Silent);
        let mails = administrators(&scene::settings(), &parts);
        assert_eq!(mails.addresses().await.len(), 3);
        tokio::time::pause();
        let began = tokio::time::Instant::now();
        let error = mails.send(&[]).await.unwrap_err();
        assert!(error.reason.contains("not taken within"), "{error}");
        // One after the other it would be three limits, beside what the database takes.
        assert!(began.elapsed() < 2 * MAIL_LIMIT, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn administrators_with_a_verified_address_are_told() {
        let (database, _folder) = scene::database().await;
        add(&database, "a@example.org", true, true).await;
        add(&database, "unverified@example.org", false, true).await;
        add(&database, "user@example.org", true, false).await;
        let named = add(&database, "b@example.org", true, false).await;
        let disabled = add(&database, "gone@example.org", true, true).await;
        let before = database.by_id(disabled).await.unwrap().unwrap();
        database.update(&before, &User { disabled: true, ..before.clone() }).await.unwrap();
        assert_eq!(
            told(database, "pool@example.org", vec![named]).await,
            Ok(vec!["a@example.org".to_owned(), "b@example.org".to_owned()])
        );
    }

    #[tokio::test]
    async fn a_database_that_fails_keeps_no_alert_from_them() {
        let (database, _folder) = scene::database().await;
        add(&database, "a@example.org", true, true).await;
        let letters = Arc::new(Letters::default());
        let mut parts = scene::parts(database.clone());
        parts.mailer = letters.clone();
        let administrators = administrators(&scene::settings(), &parts);
        administrators.remember().await;
        database.close().await;
        let alert = Alert {
            kind: AlertKind::Database,
            phase: AlertPhase::Begins,
            about: "the database".into(),
            text: "no space is left".into(),
            since: UnixTime(5),
        };
        administrators.send(&[alert]).await.unwrap();
        assert_eq!(letters.0.lock().unwrap()[0].to.as_str(), "a@example.org");
    }

    #[tokio::test]
    async fn without_them_the_pools_own_address_is_told() {
        let (database, _folder) = scene::database().await;
        add(&database, "unverified@example.org", false, true).await;
        let addresses = told(database, "pool@example.org", Vec::new()).await;
        assert_eq!(addresses, Ok(vec!["pool@example.org".to_owned()]));
    }

    #[tokio::test]
    async fn where_nobody_can_be_told_that_is_an_error_with_the_remedy() {
        let (database, _folder) = scene::database().await;
        add(&database, "unverified@example.org", false, true).await;
        for pool_email in ["", "no address", HELP_DESK] {
            let error = told(database.clone(), pool_email, Vec::new()).await.unwrap_err().to_string();
            assert!(error.contains("verify an address, or set poolemail"), "{error}");
        }
    }
}
