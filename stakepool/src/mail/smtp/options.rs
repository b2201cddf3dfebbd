//! How to reach a mail server, as its operator says.

use stakepool_core::secret::Secret;

/// A mail server, and how to send by it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmtpOptions {
    /// Host and port of the mail server.
    pub host: String,
    /// The sender's address, with or without a name: `pool@example.org`, `Pool <pool@example.org>`.
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
