//! Alerts by mail, to those who administer the pool.

use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::alerts::Alert;
use stakepool_core::ports::{AlertError, AlertSink, Mail, StoreError};

use super::in_words;
use crate::app::App;

const WAY: &str = "mail";
/// How many users are read at a time.
const BATCH: u64 = 500;

/// Mails every administrator with a verified address.
pub struct ToAdministrators(pub Arc<App>);

impl ToAdministrators {
    async fn addresses(&self) -> Result<Vec<Email>, StoreError> {
        let (mut found, mut after) = (Vec::new(), UserId(0));
        loop {
            let users = self.0.services.users.list(after, BATCH).await?;
            let Some(last) = users.last() else { return Ok(found) };
            after = last.id;
            let named = &self.0.options.administration.users;
            let administrators =
                users.into_iter().filter(|user| !user.disabled && (user.admin || named.contains(&user.id)));
            found.extend(administrators.map(|user| user.email));
        }
    }
}

#[async_trait]
impl AlertSink for ToAdministrators {
    fn way(&self) -> &'static str {
        WAY
    }

    async fn tell(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let failed = |reason: String| AlertError { way: WAY, reason };
        let addresses = self.addresses().await.map_err(|error| failed(error.to_string()))?;
        let (subject, text) = in_words(&self.0.options.site_name, alerts);
        let text = format!("{text}\n\nThe whole state: {}/status\n", self.0.options.base_url);
        let (mut sent, mut error) = (0, None);
        for to in addresses {
            match self.0.services.mailer.send(&Mail { to, subject: subject.clone(), text: text.clone() }).await {
                Ok(()) => sent += 1,
                Err(failure) => error = Some(failure),
            }
        }
        // One who was told can tell the others; nobody is told twice.
        match error {
            Some(error) if sent == 0 => Err(failed(error.to_string())),
            _ => Ok(()),
        }
    }
}
