//! The mail server.

use stakepool_core::accounts::Mailbox;

use crate::host::{is_loopback, split_host, with_port};
use crate::reader::Reader;
use stakepool_core::secret::Secret;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Host and port of the mail server.
    pub host: String,
    /// The sender: an address, or `NAME <ADDRESS>`.
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
    /// From `STARTTLS` on where the server offers it, else not at all.
    Opportunistic,
    /// From `STARTTLS` on, which the server must offer.
    StartTls,
    /// From the first byte.
    Tls,
}

impl MailTls {
    /// As it is written in the configuration.
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Opportunistic => "opportunistic",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
        }
    }
}

/// The port of mail servers that are encrypted from the first byte.
const TLS_PORT: u16 = 465;
/// The port of all others.
const PORT: u16 = 25;

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Mail> {
    let wish = reader.optional("smtptls", |text| match text {
        "none" => Ok(MailTls::None),
        "opportunistic" => Ok(MailTls::Opportunistic),
        "starttls" => Ok(MailTls::StartTls),
        "tls" => Ok(MailTls::Tls),
        _ => Err(format!("`{text}` is not a kind of encryption: write none, opportunistic, starttls or tls")),
    });
    let from = reader.optional("smtpfrom", |text| Mailbox::parse(text).map(|_| text.to_owned()));
    let login = login(reader);
    let host = reader.text("smtphost")?;
    if reader.text("smtpfrom").is_none() {
        reader.missing("smtpfrom");
    }
    let (name, port) = reader.accept("smtphost", split_host(&host))?;
    let default_port = if wish == Some(MailTls::Tls) { TLS_PORT } else { PORT };
    let port = port.unwrap_or(default_port);
    let is_here = is_loopback(name);
    let tls = wish.unwrap_or(match port {
        TLS_PORT => MailTls::Tls,
        _ if is_here => MailTls::None,
        // A plain relay, as the predecessor uses it.
        PORT if login.is_none() => MailTls::Opportunistic,
        _ => MailTls::StartTls,
    });
    let host = reader.accept("smtphost", with_port(&host, default_port))?;
    let may_be_plain = matches!(tls, MailTls::None | MailTls::Opportunistic) && !is_here;
    if let (true, Some(kind)) = (may_be_plain && login.is_some(), wish.map(MailTls::name)) {
        let warning = format!("smtptls={kind} sends the password of the mail server in the clear: use starttls or tls");
        reader.warn(&warning);
    } else if may_be_plain && wish.is_none() {
        reader.warn(
            "smtptls is not set: mail, with its links into accounts, goes to the relay in the clear where that offers no \
             STARTTLS; write smtptls=starttls to insist on it, or smtptls=opportunistic where the way to the relay is safe",
        );
    }
    Some(Mail { host, from: from?, login, tls })
}

fn login(reader: &mut Reader<'_>) -> Option<MailLogin> {
    let user = reader.text("smtpusername");
    let password = reader.secret("smtppassword");
    if user.is_some() != reader.text("smtppassword").is_some() {
        reader.missing(if user.is_some() { "smtppassword" } else { "smtpusername" });
    }
    Some(MailLogin { user: user?, password: password? })
}
