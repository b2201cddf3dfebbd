use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use stakepool_core::accounts::Email;
use stakepool_core::secret::Secret;

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
    let Some(stream) = talk(stream, tls.is_some(), keep).await? else { return Ok(()) };
    let acceptor = tokio_rustls::TlsAcceptor::from(tls.unwrap());
    talk(BufReader::new(acceptor.accept(stream).await?), false, keep).await.map(drop)
}

/// Takes mails until STARTTLS, which it offers or not.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    starts_tls: bool,
    keep: &mpsc::UnboundedSender<String>,
) -> std::io::Result<Option<S>> {
    let (mut line, mut mail, mut in_mail) = (String::new(), String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
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
                return Ok(Some(stream.into_inner()));
            }
            _ if command.starts_with("EHLO") && starts_tls => "250-relay\r\n250 STARTTLS\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
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
        assert!(matches!(refused, MailError::Away(_)), "{refused:?}");
        let text = refused.to_string();
        for part in ["certificate that is not trusted", &relay.host, "smtphost"] {
            assert!(text.contains(part), "{tls:?}, {part}: {text}");
        }
    }
    assert!(relay.mails.try_recv().is_err(), "nothing went in the clear");
}

#[tokio::test]
async fn with_a_certificate_that_is_known_mail_goes_in_tls() {
    let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.2".to_owned()]).unwrap();
    let certificate = pair.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    let mut relay = Relay::start(Some(Arc::new(config))).await;
    for encryption in [SmtpEncryption::StartTls, SmtpEncryption::Opportunistic] {
        let options = options("pool@example.org", &relay.host).encryption(encryption);
        let mut mailer = SmtpMailer::new(&options, "Pool").unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        mailer.server.tls = Tls::trusting(roots).unwrap();
        let to = Email::parse("a@example.com").unwrap();
        mailer.send(&Mail { to, subject: "Hello".into(), text: "in TLS".into() }).await.unwrap();
        assert!(relay.mails.recv().await.unwrap().contains("in TLS"));
    }
}

/// What a mail server that answers from a list was told, and how that ended.
async fn told(
    greeting: &str,
    answers: &[(&str, &[u8])],
    options: SmtpOptions,
    to: &str,
) -> (Vec<String>, Result<(), MailError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (host, greeting) = (listener.local_addr().unwrap().to_string(), greeting.to_owned());
    let answers: Vec<_> = answers.iter().map(|(command, answer)| ((*command).to_owned(), answer.to_vec())).collect();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(greeting.as_bytes()).await.unwrap();
        let (mut heard, mut in_mail) = (Vec::new(), false);
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return heard;
            }
            let line = String::from_utf8(line).unwrap().trim_end().to_owned();
            if in_mail && line != "." {
                continue;
            }
            let listed = answers.iter().find(|(command, _)| line.starts_with(command.as_str()));
            let usual: &[u8] = if line == "DATA" { b"354 go on\r\n" } else { b"250 ok\r\n" };
            in_mail = line == "DATA" && listed.is_none();
            let _ = stream.write_all(listed.map_or(usual, |(_, answer)| answer)).await;
            heard.push(line);
        }
    });
    let mailer = SmtpMailer::new(&SmtpOptions { host, ..options }, "Pool").unwrap();
    let to = Email::from_store(to.to_owned());
    let sent = mailer.send(&Mail { to, subject: "Hello".into(), text: "One".into() }).await;
    (serving.await.unwrap(), sent)
}

fn plain() -> SmtpOptions {
    options("pool@example.org", "")
}

#[tokio::test]
async fn a_server_of_before_ehlo_gets_helo() {
    for refusal in [&b"502 5.5.1 what?\r\n"[..], b"500 unrecognized\r\n", b"501 no\n", b"504 no\r\n", b"550 no\r\n"] {
        let (heard, sent) = told("220 old\r\n", &[("EHLO", refusal)], plain(), "a@example.com").await;
        assert_eq!(sent, Ok(()), "{refusal:?}");
        let expected = [
            "EHLO example.org",
            "HELO example.org",
            "MAIL FROM:<pool@example.org>",
            "RCPT TO:<a@example.com>",
            "DATA",
            ".",
            "QUIT",
        ];
        assert_eq!(heard, expected);
    }
    let neither: &[(&str, &[u8])] = &[("EHLO", b"502 no\r\n"), ("HELO", b"502 no\r\n")];
    let (_, refused) = told("220 old\r\n", neither, plain(), "a@example.com").await;
    assert!(
        matches!(&refused, Err(MailError::Away(text)) if text.contains("refuses EHLO and HELO: 502 no")),
        "{refused:?}"
    );
    // Encryption that is asked for is not given up with it.
    let encrypted = plain().encryption(SmtpEncryption::StartTls);
    let (heard, refused) = told("220 old\r\n", &[("EHLO", b"502 no\r\n")], encrypted, "a@example.com").await;
    assert!(
        matches!(refused, Err(MailError::Away(_))) && !heard.iter().any(|line| line.starts_with("MAIL")),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_servers_words_in_any_encoding_are_taken_by_their_code() {
    for (words, expected) in [
        (&b"550 5.1.1 Empf\xe4nger unbekannt\r\n"[..], MailError::Refused("550 5.1.1 Empfänger unbekannt".into())),
        ("550 Empfänger\n".as_bytes(), MailError::Refused("550 Empfänger".into())),
        (b"450-4.2.0 Grey\r\n450 4.2.0 listed\r\n", MailError::Later("450 4.2.0 Grey listed".into())),
        (b"550\r\n", MailError::Refused("550".into())),
        (b"554-one\n554 two \xff\n", MailError::Refused("554 one two ÿ".into())),
        (b"421 4.3.2 closing\r\n", MailError::Later("421 4.3.2 closing".into())),
    ] {
        // A refused sender is refused with every mail, whatever the code.
        let (_, refused) = told("220 r\u{e9}lais\r\n", &[("MAIL", words)], plain(), "a@example.com").await;
        assert!(
            matches!(&refused, Err(MailError::Away(text)) if text.contains("it refuses smtpfrom: ")),
            "{refused:?}"
        );
        for step in ["RCPT", "DATA", "."] {
            let (_, refused) = told("220 r\u{e9}lais\r\n", &[(step, words)], plain(), "a@example.com").await;
            assert_eq!(refused, Err(expected.clone()), "{step}");
        }
    }
    let odd: &[(&str, &[u8])] = &[
        ("EHLO", b"250-gr\xfc\xdf\n250-8BITMIME\n250 HELP\n"),
        ("MAIL", b"250 \xff\xfe\n"),
        (".", b"250 pr\xeat\r\n"),
    ];
    assert_eq!(told("220 \u{e9}\n", odd, plain(), "a@example.com").await.1, Ok(()));
    let (_, http) = told("HTTP/1.1 400 Bad Request\r\n", &[], plain(), "a@example.com").await;
    assert!(matches!(&http, Err(MailError::Away(text)) if text.contains("no answer of a mail server")), "{http:?}");
}

#[tokio::test]
async fn a_domain_goes_as_mail_servers_write_it_and_other_letters_only_where_they_are_known() {
    let (heard, sent) = told("220 a\r\n", &[], plain(), "user@bücher.example").await;
    assert_eq!(sent, Ok(()));
    assert!(heard.contains(&"RCPT TO:<user@xn--bcher-kva.example>".to_owned()), "{heard:?}");
    let knows: &[(&str, &[u8])] = &[("EHLO", b"250-a\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")];
    let (heard, sent) = told("220 a\r\n", knows, plain(), "jürgen@bücher.example").await;
    assert_eq!(sent, Ok(()));
    assert_eq!(
        heard[1..3],
        ["MAIL FROM:<pool@example.org> BODY=8BITMIME SMTPUTF8", "RCPT TO:<jürgen@xn--bcher-kva.example>"]
    );
    let (heard, refused) = told("220 a\r\n", &[], plain(), "jürgen@example.org").await;
    assert!(matches!(&refused, Err(MailError::Unsendable(text)) if text.contains("SMTPUTF8")), "{refused:?}");
    assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
}

#[tokio::test]
async fn an_address_of_before_that_no_mail_can_reach_is_no_refusal_of_the_server() {
    for stored in
        [".a@example.org", "a@example.org.", "user@[192.0.2.1]", "a@b\r\nDATA@example.org", "a@example.org\u{200b}", ""]
    {
        let mailer = SmtpMailer::new(&options("pool@example.org", "127.0.0.1:1"), "Pool").unwrap();
        let mail = Mail { to: Email::from_store(stored.to_owned()), subject: "Hello".into(), text: "One".into() };
        let refused = mailer.send(&mail).await.unwrap_err();
        assert!(matches!(refused, MailError::Unsendable(_)), "{stored}: {refused:?}");
        assert!(!refused.to_string().contains("server refused") && !refused.is_passing(), "{refused}");
    }
}

#[tokio::test]
async fn a_login_goes_by_what_the_server_offers() {
    let login = |encryption| plain().login("pool", Secret::new("secret")).encryption(encryption);
    let offer = |line: &str| format!("250-a\r\n250 {line}\r\n").into_bytes();
    let plain_offer = offer("AUTH LOGIN PLAIN");
    let (heard, sent) =
        told("220 a\r\n", &[("EHLO", &plain_offer), ("AUTH", b"235 ok\r\n")], login(SmtpEncryption::None), "a@b.org")
            .await;
    assert_eq!((sent, heard[1].as_str()), (Ok(()), "AUTH PLAIN AHBvb2wAc2VjcmV0"));
    let login_offer = offer("AUTH=LOGIN");
    let steps: &[(&str, &[u8])] = &[
        ("EHLO", &login_offer),
        ("AUTH LOGIN", b"334 VXNlcm5hbWU6\r\n"),
        ("cG9vbA==", b"334 UGFzc3dvcmQ6\r\n"),
        ("c2VjcmV0", b"235 ok\r\n"),
    ];
    let (heard, sent) = told("220 a\r\n", steps, login(SmtpEncryption::None), "a@b.org").await;
    assert_eq!((sent, &heard[1..4]), (Ok(()), &["AUTH LOGIN", "cG9vbA==", "c2VjcmV0"].map(str::to_owned)[..]));
    let wrong: &[(&str, &[u8])] = &[("EHLO", &plain_offer), ("AUTH", b"535 5.7.8 wrong\r\n")];
    let (heard, refused) = told("220 a\r\n", wrong, login(SmtpEncryption::None), "a@b.org").await;
    assert!(matches!(&refused, Err(MailError::Away(text)) if text.contains("smtpusername")), "{refused:?}");
    assert!(!heard.iter().any(|line| line.starts_with("MAIL")));
    let (_, none) = told("220 a\r\n", &[], login(SmtpEncryption::None), "a@b.org").await;
    assert!(matches!(&none, Err(MailError::Away(text)) if text.contains("no sign-in")), "{none:?}");
}

fn formatted(mailer: &SmtpMailer, mail: &Mail) -> String {
    String::from_utf8(mailer.message(mail, &Recipient::of(&mail.to).unwrap()).unwrap().formatted()).unwrap()
}

#[test]
fn a_mail_names_sender_and_receiver_and_is_marked_as_automatic() {
    let mailer = SmtpMailer::new(&options("pool@example.org", "localhost:25"), "My pool").unwrap();
    let to = Email::parse("a@example.com").unwrap();
    let mail = Mail { to, subject: "Hello\r\nBcc: x@example.net".into(), text: "One\nTwo".into() };
    let text = formatted(&mailer, &mail);
    assert!(text.contains("From: \"My pool\" <pool@example.org>\r\n"), "{text}");
    assert!(text.contains("To: a@example.com\r\n") && text.contains("Auto-Submitted: auto-generated\r\n"));
    assert!(!text.contains("\nBcc:"), "{text}");
}

#[test]
fn settings_that_cannot_be_are_named() {
    assert!(matches!(SmtpMailer::new(&options("nobody", "h:25"), "p"), Err(SmtpError::Sender(..))));
    assert!(matches!(SmtpMailer::new(&options("a@b.org", "h"), "p"), Err(SmtpError::Host(_))));
    assert_eq!(host_and_port("[::1]:25"), Some(("::1", 25)));
}

#[test]
fn a_sender_may_have_a_name_in_any_letters() {
    let mail = Mail { to: Email::parse("a@example.com").unwrap(), subject: "Grüße".into(), text: "One".into() };
    let from = |from: &str| formatted(&SmtpMailer::new(&options(from, "localhost:25"), "My pool").unwrap(), &mail);
    assert!(from("The pool <pool@example.org>").contains("From: \"The pool\" <pool@example.org>\r\n"));
    let text = from("Grüner Pool <pool@bücher.example>");
    assert!(text.is_ascii() && text.contains("From: =?utf-8?b?"), "{text}");
    assert!(
        text.contains("<pool@xn--bcher-kva.example>\r\n") && text.contains("@xn--bcher-kva.example>\r\n"),
        "{text}"
    );
}

#[test]
fn an_address_with_other_letters_is_written_as_it_is() {
    let mailer = SmtpMailer::new(&options("pool@example.org", "localhost:25"), "My pool").unwrap();
    let to = Email::from_store("jürgen@example.org".to_owned());
    let text = formatted(&mailer, &Mail { to, subject: "Hello".into(), text: "One".into() });
    assert!(text.contains("To: jürgen@example.org\r\n"), "{text}");
}
