//! The conversation with a mail server, one mail a connection.
//!
//! It is ours, and not the library's that writes the mails, since that one gives up a server that does not know `EHLO`, and
//! one whose words are not UTF-8.

use std::time::Duration;

use data_encoding::BASE64;

use super::connection::{Connection, Tls};
use super::fault::Fault;
use super::options::{SmtpEncryption, SmtpLogin};
use super::recipient::Recipient;
use super::reply::Reply;

/// How long the server may look at a whole mail.
const LOOK: Duration = Duration::from_secs(180);
/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// How to reach a mail server.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: SmtpEncryption,
    pub(super) login: Option<SmtpLogin>,
    pub(super) tls: Tls,
    /// What we call ourselves.
    pub(super) hello: String,
}

/// A mail as it goes over the wire.
pub(super) struct Letter<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a Recipient,
    pub(super) text: &'a [u8],
}

/// What the server can do beside the least, as it says to `EHLO`.
#[derive(Debug, Default)]
struct Extensions(Vec<String>);

impl Extensions {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(name)))
    }

    fn signs_in_by(&self, mechanism: &str) -> bool {
        // Old servers write `AUTH=PLAIN`.
        let words = |line: &String| line.replace('=', " ").to_ascii_uppercase();
        self.0.iter().map(words).any(|line| {
            line.split_whitespace().next() == Some("AUTH") && line.split_whitespace().any(|word| word == mechanism)
        })
    }
}

impl Server {
    /// Sends a mail.
    pub(super) async fn send(&self, letter: &Letter<'_>) -> Result<(), Fault> {
        let mut connection = Connection::open(&self.host, self.port).await?;
        if self.encryption == SmtpEncryption::Tls {
            connection = connection.encrypt(&self.tls, &self.host).await?;
        }
        let greeting = connection.greeting().await?;
        if !greeting.is(2) {
            return Err(Fault::Step("the connection", greeting));
        }
        let mut extensions = self.hello(&mut connection).await?;
        if self.starts_tls(&extensions)? {
            let reply = connection.command("STARTTLS").await?;
            if !reply.is(2) {
                return Err(Fault::Step("STARTTLS", reply));
            }
            connection = connection.encrypt(&self.tls, &self.host).await?;
            extensions = self.hello(&mut connection).await?;
        }
        if let Some(login) = &self.login {
            sign_in(&mut connection, &extensions, login).await?;
        }
        let sent = hand_over(&mut connection, &extensions, letter).await;
        // The mail is taken, or not, whatever is said now.
        let _ = connection.send(b"QUIT\r\n", GOODBYE).await;
        sent
    }

    /// Introduces us, to a server of before `EHLO` by `HELO`.
    async fn hello(&self, connection: &mut Connection) -> Result<Extensions, Fault> {
        let reply = connection.command(&format!("EHLO {}", self.hello)).await?;
        if reply.is(2) {
            return Ok(Extensions(reply.lines.into_iter().skip(1).collect()));
        }
        if !reply.is(5) {
            return Err(Fault::Step("EHLO", reply));
        }
        let reply = connection.command(&format!("HELO {}", self.hello)).await?;
        if reply.is(2) { Ok(Extensions::default()) } else { Err(Fault::Step("EHLO and HELO", reply)) }
    }

    fn starts_tls(&self, extensions: &Extensions) -> Result<bool, Fault> {
        let offered = extensions.has("STARTTLS");
        match self.encryption {
            SmtpEncryption::None | SmtpEncryption::Tls => Ok(false),
            SmtpEncryption::Opportunistic => Ok(offered),
            SmtpEncryption::StartTls if offered => Ok(true),
            SmtpEncryption::StartTls => Err(Fault::Setup(
                "STARTTLS is not supported there: mail stays here, since the server would get it in the clear; see smtptls"
                    .to_owned(),
            )),
        }
    }
}

async fn sign_in(connection: &mut Connection, extensions: &Extensions, login: &SmtpLogin) -> Result<(), Fault> {
    let (user, password) = (login.user.as_str(), login.password.expose());
    let reply = if extensions.signs_in_by("PLAIN") {
        let both = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
        connection.command(&format!("AUTH PLAIN {both}")).await?
    } else if extensions.signs_in_by("LOGIN") {
        let mut reply = connection.command("AUTH LOGIN").await?;
        for text in [user, password] {
            if !reply.is(3) {
                break;
            }
            reply = connection.command(&BASE64.encode(text.as_bytes())).await?;
        }
        reply
    } else {
        let none = "it offers no sign-in by PLAIN or LOGIN: leave smtpusername and smtppassword out, or see smtptls";
        return Err(Fault::Setup(none.to_owned()));
    };
    if reply.is(2) { Ok(()) } else { Err(Fault::Step("smtpusername and smtppassword", reply)) }
}

async fn hand_over(connection: &mut Connection, extensions: &Extensions, letter: &Letter<'_>) -> Result<(), Fault> {
    let mut parameters = "";
    if letter.to.needs_utf8 {
        if !(extensions.has("SMTPUTF8") && extensions.has("8BITMIME")) {
            return Err(Fault::Unsendable(
                "the address has letters before the @ that the mail server cannot handle (it has no SMTPUTF8)"
                    .to_owned(),
            ));
        }
        parameters = " BODY=8BITMIME SMTPUTF8";
    }
    let done = |reply: Reply, hundred| if reply.is(hundred) { Ok(()) } else { Err(Fault::of_mail(reply)) };
    let reply = connection.command(&format!("MAIL FROM:<{}>{parameters}", letter.from)).await?;
    if !reply.is(2) {
        // Nothing was said of this mail yet, but for what its address needs.
        return Err(if parameters.is_empty() { Fault::Step("smtpfrom", reply) } else { Fault::of_mail(reply) });
    }
    done(connection.command(&format!("RCPT TO:<{}>", letter.to.address)).await?, 2)?;
    done(connection.command("DATA").await?, 3)?;
    done(connection.send(&as_data(letter.text), LOOK).await?, 2)
}

/// The text with its dots doubled where a line begins with one, and its end.
fn as_data(text: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(text.len() + 16);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            data.push(b'.');
        }
        data.extend_from_slice(line);
    }
    if !data.ends_with(b"\r\n") {
        data.extend_from_slice(b"\r\n");
    }
    data.extend_from_slice(b".\r\n");
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_beginning_of_a_line_does_not_end_a_mail() {
        assert_eq!(as_data(b"a\r\n.\r\n..b\r\nc"), b"a\r\n..\r\n...b\r\nc\r\n.\r\n");
        assert_eq!(as_data(b"a\r\n"), b"a\r\n.\r\n");
    }

    #[test]
    fn what_a_server_offers_is_read_in_any_case() {
        let offers = Extensions(["starttls", "AUTH=PLAIN login", "SIZE 35882577"].map(str::to_owned).to_vec());
        assert!(offers.has("STARTTLS") && offers.has("size") && !offers.has("SMTPUTF8"));
        assert!(offers.signs_in_by("PLAIN") && offers.signs_in_by("LOGIN") && !offers.signs_in_by("XOAUTH2"));
    }
}
