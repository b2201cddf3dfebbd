//! Mail to users.

use async_trait::async_trait;

use crate::accounts::Email;

/// A mail of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// The subject, one line.
    pub subject: String,
    /// The text, lines separated by `\n`.
    pub text: String,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// No mail server is configured.
    #[error("no mail is sent, since no mail server is configured: set smtphost and smtpfrom")]
    Off,
    /// The mail server refused it for good; another try is of no use.
    #[error("the mail server refused the mail: {0}")]
    Refused(String),
    /// The mail server did not take it now; try again later.
    #[error("the mail server did not take the mail now: {0}")]
    Later(String),
    /// No mail can go to the address, whatever the mail server says; another try is of no use.
    #[error("the mail cannot be sent: {0}")]
    Unsendable(String),
    /// The mail server cannot be used at all now, by any mail: it does not answer, or refuses us.
    #[error("the mail server cannot be used now: {0}")]
    Away(String),
}

impl MailError {
    /// Whether another try may be of use.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Later(_) | Self::Away(_))
    }
}

/// Sends mail. Texts of mails hold secrets, and are never logged.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Whether mail is sent at all. Where not, accounts need no verification, and pages say so.
    fn is_on(&self) -> bool;

    /// The mail server as the operator named it; empty where it has no name. What was noted of another one does not
    /// count any more.
    fn server(&self) -> &str {
        ""
    }

    /// Sends a mail, or says why not.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// The mailer of a pool without mail.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    fn is_on(&self) -> bool {
        false
    }

    async fn send(&self, _: &Mail) -> Result<(), MailError> {
        Err(MailError::Off)
    }
}
