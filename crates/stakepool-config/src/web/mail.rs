//! The mail server.

use stakepool_core::accounts::Email;

use crate::endpoint::{split_host, with_port};
use crate::reader::Reader;
use crate::secret::Secret;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Host and port of the mail server.
    pub host: String,
    /// The sender.
    pub from: String,
    /// How to sign in; `None` where the server asks for nothing.
    pub login: Option<MailLogin>,
    /// How the connection is encrypted.
    pub tls: MailTls,
}

/// An account at the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogin {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// Not at all.
    None,
    /// From `STARTTLS` on, which the server must offer.
    StartTls,
    /// From the first byte.
    Tls,
}

/// The port of mail servers that are encrypted from the first byte.
const TLS_PORT: u16 = 465;
/// The port of all others.
const PORT: u16 = 25;

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Mail> {
    let wish = reader.optional("smtptls", |text| match text {
        "none" => Ok(MailTls::None),
        "starttls" => Ok(MailTls::StartTls),
        "tls" => Ok(MailTls::Tls),
        _ => Err(format!("`{text}` is not a kind of encryption: write none, starttls or tls")),
    });
    let from = reader.optional("smtpfrom", |text| Email::parse(text).map(|_| text.to_owned()));
    let login = login(reader);
    let host = reader.text("smtphost")?;
    let (name, port) = reader.accept("smtphost", split_host(&host))?;
    let default_port = if wish == Some(MailTls::Tls) { TLS_PORT } else { PORT };
    let tls = wish.unwrap_or(match port.unwrap_or(default_port) {
        TLS_PORT => MailTls::Tls,
        _ if matches!(name, "localhost" | "127.0.0.1" | "::1") => MailTls::None,
        _ => MailTls::StartTls,
    });
    let host = reader.accept("smtphost", with_port(&host, default_port))?;
    if reader.text("smtpfrom").is_none() {
        reader.missing("smtpfrom");
    }
    if login.is_some() && tls == MailTls::None && !matches!(name_of(&host), "localhost" | "127.0.0.1" | "[::1]") {
        reader.warn("smtptls=none sends the password of the mail server in the clear: use starttls or tls");
    }
    Some(Mail { host, from: from?, login, tls })
}

fn name_of(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn login(reader: &mut Reader<'_>) -> Option<MailLogin> {
    let user = reader.text("smtpusername");
    let password = reader.secret("smtppassword");
    if user.is_some() != reader.text("smtppassword").is_some() {
        reader.missing(if user.is_some() { "smtppassword" } else { "smtpusername" });
    }
    Some(MailLogin { user: user?, password: password? })
}
