//! How the pool reaches people, as the configuration says: mail, and the channels of alerts.
//!
//! The web alerts by them, and the command line tries them: both take them from here.

use std::sync::Arc;

use stakepool::SiteIdentity;
use stakepool::alerts::{Ping, Webhook, WebhookError};
use stakepool::mail::{SmtpEncryption, SmtpError, SmtpMailer, SmtpOptions};
use stakepool_core::ports::{AlertSink, Heartbeat, Mailer};

use super::config::WebConfig;
use super::mail::{Mail, MailTls};

impl WebConfig {
    /// The channels of alerts beside mail to the administrators.
    ///
    /// # Errors
    /// [`WebhookError`] where one cannot be set up.
    pub fn alert_channels(&self) -> Result<Vec<Arc<dyn AlertSink>>, WebhookError> {
        let webhook = self.alert_webhook.iter().map(|address| Webhook::new(address, SiteIdentity::DEFAULT_NAME));
        webhook.map(|webhook| Ok(Arc::new(webhook?) as Arc<dyn AlertSink>)).collect()
    }

    /// The heartbeat, where one is configured.
    ///
    /// # Errors
    /// [`WebhookError`] where it cannot be set up.
    pub fn alert_heartbeat(&self) -> Result<Option<Arc<dyn Heartbeat>>, WebhookError> {
        let ping = self.heartbeat.as_ref().map(|heartbeat| Ping::new(&heartbeat.address)).transpose()?;
        Ok(ping.map(|ping| Arc::new(ping) as Arc<dyn Heartbeat>))
    }

    /// By whom mail is sent, where it is.
    ///
    /// # Errors
    /// [`SmtpError`] where the sender or the server cannot be used.
    pub fn mailer(&self) -> Result<Option<Arc<dyn Mailer>>, SmtpError> {
        let mailer = self.mail.as_ref().map(|mail| SmtpMailer::new(&smtp_options(mail), SiteIdentity::DEFAULT_NAME));
        Ok(mailer.transpose()?.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>))
    }
}

fn smtp_options(mail: &Mail) -> SmtpOptions {
    let encryption = match mail.tls {
        MailTls::None => SmtpEncryption::None,
        MailTls::Opportunistic => SmtpEncryption::Opportunistic,
        MailTls::StartTls => SmtpEncryption::StartTls,
        MailTls::Tls => SmtpEncryption::Tls,
    };
    let options = SmtpOptions::new(&mail.host, &mail.from);
    let options = match &mail.login {
        Some(login) => options.login(&login.user, login.password.clone()),
        None => options,
    };
    // As the file says, also where that is less than a login asks for by itself: the reader of the file has warned.
    options.encryption(encryption)
}
