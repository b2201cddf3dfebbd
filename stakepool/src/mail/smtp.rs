//! Mail by SMTP: in the clear to a relay, from `STARTTLS` on where it is offered or always, or encrypted from the first
//! byte. Whoever is talked to in TLS must show a certificate for the configured name that is trusted.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use stakepool_core::accounts::{SecureRandom, SystemRandom};
use stakepool_core::ports::{Mail, MailError, Mailer};
use stakepool_core::secret::Secret;

/// How long the mail server may take for each step.
const LIMIT: Duration = Duration::from_secs(20);

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender.
    #[error("smtpfrom: `{0}` cannot be the sender of a mail: write an address like pool@example.org")]
    Sender(String),
    /// The host.
    #[error("smtphost: `{0}` is not HOST:PORT")]
    Host(String),
    /// Encryption.
    #[error("smtphost: encryption cannot be set up: {0}")]
    Tls(String),
}

/// A mail server, and how to send by it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmtpOptions {
    /// Host and port of the mail server.
    pub host: String,
    /// The sender's address.
    pub from: String,
    /// How to sign in; `None` where the server asks for nothing.
    pub login: Option<SmtpLogin>,
    /// How the connection is encrypted.
    pub encryption: SmtpEncryption,
}

impl SmtpOptions {
    /// A mail server that asks for no login; the connection is encrypted where the server offers it.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self { host: host.into(), from: from.into(), login: None, encryption: SmtpEncryption::Opportunistic }
    }

    /// Signs in. A password is not sent in the clear: an encryption that is only tried becomes one that is required. Choose
    /// another afterwards where the server is on this machine.
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.login = Some(SmtpLogin { user: user.into(), password });
        if self.encryption == SmtpEncryption::Opportunistic {
            self.encryption = SmtpEncryption::StartTls;
        }
        self
    }

    /// With another encryption.
    #[must_use]
    pub const fn encryption(mut self, encryption: SmtpEncryption) -> Self {
        self.encryption = encryption;
        self
    }
}

/// An account at the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpLogin {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// Not at all.
    None,
    /// From `STARTTLS` on where the server offers it, else not at all.
    Opportunistic,
    /// From `STARTTLS` on, which the server must offer.
    StartTls,
    /// From the first byte.
    Tls,
}

/// Sends mail by SMTP, one connection a mail.
pub struct SmtpMailer {
    from: Mailbox,
    domain: String,
    /// Host and port of the mail server.
    server: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMailer {
    /// A mailer with these options; `name` is shown beside the sender's address. Nothing is connected yet.
    ///
    /// # Errors
    /// [`SmtpError`].
    pub fn new(options: &SmtpOptions, name: &str) -> Result<Self, SmtpError> {
        let address: Address = options.from.trim().parse().map_err(|_| SmtpError::Sender(options.from.clone()))?;
        let domain = address.domain().to_owned();
        let (host, port) = host_and_port(&options.host).ok_or_else(|| SmtpError::Host(options.host.clone()))?;
        let parameters = || TlsParameters::new(host.to_owned()).map_err(|error| SmtpError::Tls(error.to_string()));
        let tls = match options.encryption {
            SmtpEncryption::None => Tls::None,
            SmtpEncryption::Opportunistic => Tls::Opportunistic(parameters()?),
            SmtpEncryption::StartTls => Tls::Required(parameters()?),
            SmtpEncryption::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(LIMIT))
            .hello_name(ClientId::Domain(domain.clone()));
        if let Some(login) = &options.login {
            builder = builder.credentials(Credentials::new(login.user.clone(), login.password.expose().to_owned()));
        }
        let (from, server) = (Mailbox::new(Some(name.to_owned()), address), options.host.clone());
        Ok(Self { from, domain, server, transport: builder.build() })
    }

    /// What went wrong, with the remedy where encryption is at fault.
    fn with_remedy(&self, error: &lettre::transport::smtp::Error) -> String {
        let text = chain(error);
        let server = &self.server;
        if error.is_client() && text.contains("STARTTLS") {
            format!("{text}: mail stays here, since {server} would get it in the clear; see smtptls")
        } else if text.contains("certificate") {
            format!(
                "{text}: {server} shows a certificate that is not trusted; smtphost must be a name in it, and its issuer \
                 known to this machine"
            )
        } else {
            text
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let refused = |error: &dyn fmt::Display| MailError::Refused(error.to_string());
        let to: Address = mail.to.as_str().parse().map_err(|error| refused(&error))?;
        let mut id = [0; 16];
        SystemRandom.fill(&mut id);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{}@{}>", hex::encode(id), self.domain)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(lettre::message::header::ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| refused(&error))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Refused(chain(&error))),
            Err(error) => Err(MailError::Later(self.with_remedy(&error))),
        }
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

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
