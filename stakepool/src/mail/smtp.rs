//! Mail by SMTP: in the clear to a relay, from `STARTTLS` on where it is offered or always, or encrypted from the first
//! byte. Whoever is talked to in TLS must show a certificate for the configured name that is trusted.

mod connection;
mod fault;
mod options;
mod recipient;
mod reply;
mod session;

use std::fmt;

use async_trait::async_trait;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use stakepool_core::accounts::{Mailbox as Sender, SecureRandom, SystemRandom};
use stakepool_core::ports::{Mail, MailError, Mailer};

use self::connection::Tls;
use self::fault::Fault;
pub use self::options::{SmtpEncryption, SmtpLogin, SmtpOptions};
use self::recipient::Recipient;
use self::session::{Letter, Server};

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The sender.
    #[error("smtpfrom: `{0}` cannot be the sender of a mail: {1}")]
    Sender(String, String),
    /// The host.
    #[error("smtphost: `{0}` is not HOST:PORT")]
    Host(String),
    /// Encryption.
    #[error("smtphost: encryption cannot be set up: {0}")]
    Tls(String),
}

/// Sends mail by SMTP, one connection a mail.
pub struct SmtpMailer {
    from: Mailbox,
    domain: String,
    /// Host and port of the mail server, as configured.
    name: String,
    server: Server,
}

impl SmtpMailer {
    /// A mailer with these options; `name` is shown beside the sender's address unless that has a name of its own. Nothing
    /// is connected yet.
    ///
    /// # Errors
    /// [`SmtpError`].
    pub fn new(options: &SmtpOptions, name: &str) -> Result<Self, SmtpError> {
        let sender = |reason: &dyn fmt::Display| SmtpError::Sender(options.from.clone(), reason.to_string());
        let from = Sender::parse(&options.from).map_err(|error| sender(&error))?;
        let address: Address = from.address.as_str().parse().map_err(|error| sender(&error))?;
        let domain = address.domain().to_owned();
        let (host, port) = host_and_port(&options.host).ok_or_else(|| SmtpError::Host(options.host.clone()))?;
        let server = Server {
            host: host.to_owned(),
            port,
            encryption: options.encryption,
            login: options.login.clone(),
            tls: Tls::new().map_err(|error| SmtpError::Tls(error.to_string()))?,
            hello: domain.clone(),
        };
        let from = Mailbox::new(Some(from.name.unwrap_or_else(|| name.to_owned())), address);
        Ok(Self { from, domain, name: options.host.clone(), server })
    }

    fn message(&self, mail: &Mail, to: &Recipient) -> Result<Message, Fault> {
        let unsendable = |error: &dyn fmt::Display| Fault::Unsendable(error.to_string());
        let (user, domain) = to.address.rsplit_once('@').unwrap_or_default();
        let address = Address::new(user, domain).map_err(|error| unsendable(&error))?;
        let mut id = [0; 16];
        SystemRandom.fill(&mut id);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{}@{}>", hex::encode(id), self.domain)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(lettre::message::header::ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| unsendable(&error))
    }

    async fn try_send(&self, mail: &Mail) -> Result<(), Fault> {
        let to = Recipient::of(&mail.to).map_err(|error| Fault::Unsendable(error.to_string()))?;
        let text = self.message(mail, &to)?.formatted();
        self.server.send(&Letter { from: self.from.email.as_ref(), to: &to, text: &text }).await
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    fn is_on(&self) -> bool {
        true
    }

    fn server(&self) -> &str {
        &self.name
    }

    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.try_send(mail).await.map_err(|fault| fault.without(&mail.to).into_error(&self.name))
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("from", &self.from.email).finish_non_exhaustive()
    }
}

/// Host without brackets, and port.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then_some((host, port.parse().ok()?))
}

#[cfg(test)]
mod tests;
