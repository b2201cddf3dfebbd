//! A connection to a mail server: bytes out, answers in, in the clear or in TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use super::reply::{Reply, read_line};

/// How long the connection and its encryption may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long the server may take for an answer; some make strangers wait on purpose.
const ANSWER: Duration = Duration::from_secs(60);
/// Most bytes of a line, and most lines of an answer.
const LONGEST_LINE: u64 = 4096;
const MOST_LINES: usize = 100;

/// A stream in the clear or in TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
}

impl Connection {
    pub(super) async fn open(host: &str, port: u16) -> Result<Self, Fault> {
        let stream = within(CONNECT, TcpStream::connect((host, port))).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)) })
    }

    /// Goes on in TLS with a server that must show a certificate for `name`.
    pub(super) async fn encrypt(self, tls: &Tls, name: &str) -> Result<Self, Fault> {
        if !self.stream.buffer().is_empty() {
            return Err(Fault::Protocol(
                "the mail server sent more than it was asked for before the encryption".to_owned(),
            ));
        }
        let name = ServerName::try_from(name.to_owned()).map_err(|error| Fault::Protocol(error.to_string()))?;
        let stream = within(CONNECT, tls.connector.connect(name, self.stream.into_inner())).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)) })
    }

    /// Sends a command and reads the answer.
    pub(super) async fn command(&mut self, command: &str) -> Result<Reply, Fault> {
        self.send(format!("{command}\r\n").as_bytes(), ANSWER).await
    }

    /// Sends bytes and reads the answer, for which the server has a while.
    pub(super) async fn send(&mut self, bytes: &[u8], patience: Duration) -> Result<Reply, Fault> {
        let write = async {
            self.stream.get_mut().write_all(bytes).await?;
            self.stream.get_mut().flush().await
        };
        within(ANSWER, write).await?;
        self.answer(patience).await
    }

    /// Reads the greeting.
    pub(super) async fn greeting(&mut self) -> Result<Reply, Fault> {
        self.answer(ANSWER).await
    }

    async fn answer(&mut self, patience: Duration) -> Result<Reply, Fault> {
        let mut lines = Vec::new();
        let read = async {
            loop {
                let mut line = Vec::new();
                let reader = &mut self.stream;
                reader.take(LONGEST_LINE).read_until(b'\n', &mut line).await.map_err(Fault::Network)?;
                if line.is_empty() {
                    return Err(Fault::Network(io::ErrorKind::UnexpectedEof.into()));
                }
                let no_answer = || Fault::Protocol("what it answered is no answer of a mail server".to_owned());
                let (code, is_last, words) = read_line(&line).ok_or_else(no_answer)?;
                lines.push(words);
                if is_last {
                    return Ok(code);
                }
                if lines.len() >= MOST_LINES {
                    return Err(Fault::Protocol("its answer has no end".to_owned()));
                }
            }
        };
        let code = timeout(patience, read).await.map_err(|_| Fault::Silent(patience))??;
        Ok(Reply { code, lines })
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, Fault> {
    timeout(limit, work).await.map_err(|_| Fault::Silent(limit))?.map_err(Fault::Network)
}

/// What TLS trusts: the machine's certificate authorities, or those of browsers where it has none.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Self::trusting(roots)
    }

    pub(super) fn trusting(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }
}
