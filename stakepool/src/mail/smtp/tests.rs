use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use stakepool_core::accounts::Email;

fn options(from: &str, host: &str) -> SmtpOptions {
    SmtpOptions::new(host, from).encryption(SmtpEncryption::None)
}

/// A mail server on a host that is not called local.
struct Relay {
    host: String,
    /// What came in as the text of mails, in the clear.
    mails: mpsc::UnboundedReceiver<String>,
}

impl Relay {
    /// With the configuration of its TLS where it offers STARTTLS.
    async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (keep, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = converse(stream, tls.clone(), &keep).await;
            }
        });
        Self { host, mails }
    }

    /// With a certificate of its own that nobody knows.
    async fn with_own_certificate() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = ["127.0.0.2".to_owned()];
        let now = std::time::SystemTime::now();
        let pair = stakepool_rpc::tls::ensure_server_pair(&path("cert"), &path("key"), &names, now).unwrap();
        let mut tls = stakepool_rpc::tls::server_config(pair, None).unwrap();
        // That configuration is for gRPC.
        tls.alpn_protocols.clear();
        Self::start(Some(Arc::new(tls))).await
    }

    async fn sent(&self, encryption: SmtpEncryption) -> Result<(), MailError> {
        let mailer = SmtpMailer::new(&options("pool@example.org", &self.host).encryption(encryption), "Pool").unwrap();
        let to = Email::parse("a@example.com").unwrap();
        mailer.send(&Mail { to, subject: "Hello".into(), text: "a link into an account".into() }).await
    }
}

async fn converse(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    keep: &mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 relay\r\n").await?;
    let (mut line, mut mail, mut in_mail) = (String::new(), String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let answer = match command {
            "." => {
                in_mail = false;
                let _ = keep.send(std::mem::take(&mut mail));
                "250 kept\r\n"
            }
            _ if in_mail => {
                mail.push_str(&line);
                continue;
            }
            "DATA" => {
                in_mail = true;
                "354 go on\r\n"
            }
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await?;
                let acceptor = tokio_rustls::TlsAcceptor::from(tls.unwrap());
                return acceptor.accept(stream).await.map(drop);
            }
            _ if command.starts_with("EHLO") && tls.is_some() => "250-relay\r\n250 STARTTLS\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

#[tokio::test]
async fn a_plain_relay_elsewhere_gets_mail_where_nothing_is_said_of_encryption() {
    let mut relay = Relay::start(None).await;
    relay.sent(SmtpEncryption::Opportunistic).await.unwrap();
    assert!(relay.mails.recv().await.unwrap().contains("a link into an account"));
    let refused = relay.sent(SmtpEncryption::StartTls).await.unwrap_err().to_string();
    assert!(refused.contains("STARTTLS is not supported") && refused.contains("see smtptls"), "{refused}");
    assert!(relay.mails.try_recv().is_err(), "nothing more went in the clear");
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_refused_and_told() {
    let mut relay = Relay::with_own_certificate().await;
    for tls in [SmtpEncryption::StartTls, SmtpEncryption::Opportunistic] {
        let refused = relay.sent(tls).await.unwrap_err();
        assert!(matches!(refused, MailError::Later(_)), "{refused:?}");
        let text = refused.to_string();
        for part in ["certificate that is not trusted", &relay.host, "smtphost"] {
            assert!(text.contains(part), "{tls:?}, {part}: {text}");
        }
    }
    assert!(relay.mails.try_recv().is_err(), "nothing went in the clear");
}

#[test]
fn a_mail_names_sender_and_receiver_and_is_marked_as_automatic() {
    let mailer = SmtpMailer::new(&options("pool@example.org", "localhost:25"), "My pool").unwrap();
    let to = Email::parse("a@example.com").unwrap();
    let mail = Mail { to, subject: "Hello\r\nBcc: x@example.net".into(), text: "One\nTwo".into() };
    let text = String::from_utf8(mailer.message(&mail).unwrap().formatted()).unwrap();
    assert!(text.contains("From: \"My pool\" <pool@example.org>\r\n"), "{text}");
    assert!(text.contains("To: a@example.com\r\n") && text.contains("Auto-Submitted: auto-generated\r\n"));
    assert!(!text.contains("\nBcc:"), "{text}");
}

#[test]
fn settings_that_cannot_be_are_named() {
    assert!(matches!(SmtpMailer::new(&options("nobody", "h:25"), "p"), Err(SmtpError::Sender(_))));
    assert!(matches!(SmtpMailer::new(&options("a@b.org", "h"), "p"), Err(SmtpError::Host(_))));
    assert_eq!(host_and_port("[::1]:25"), Some(("::1", 25)));
}
