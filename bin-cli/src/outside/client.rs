//! One request at a time, over a connection of its own, as a stranger's browser or wallet makes it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::tls::Tls;

/// How long a connection, and how long an answer may take.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(20);
/// The largest answer that is read.
const MOST_BYTES: usize = 8 << 20;

/// The pool as the URL names it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) is_https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What TLS was agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) version: Option<ProtocolVersion>,
    /// The server's certificate, DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

pub(crate) struct Client {
    pub(crate) target: Target,
    pub(crate) tls: Tls,
}

impl Target {
    /// The target of a URL without a path, such as `https://pool.example` or `http://127.0.0.1:8000`.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let url: hyper::Uri = url.trim_end_matches('/').parse().ok()?;
        let is_https = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = url.authority()?;
        if authority.as_str().contains('@') || !matches!(url.path(), "" | "/") || url.query().is_some() {
            return None;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        (!host.is_empty()).then_some(Self { is_https, host, port })
    }

    fn shown_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// The value of `Host`.
    pub(crate) fn authority(&self) -> String {
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { self.shown_host() } else { format!("{}:{}", self.shown_host(), self.port) }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.is_https { "https" } else { "http" }, self.authority())
    }

    /// Whether a URL, with whatever path, is of this pool: of the same scheme, host and port.
    pub(crate) fn is_place_of(&self, url: &str) -> bool {
        let Ok(url) = url.parse::<hyper::Uri>() else { return false };
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else { return false };
        Self::parse(&format!("{scheme}://{authority}")).is_some_and(|other| {
            other.is_https == self.is_https && other.port == self.port && other.host.eq_ignore_ascii_case(&self.host)
        })
    }

    /// Whether it is this computer, so that nobody is on the way to it.
    fn is_here(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.to_canonical().is_loopback())
    }

    /// Where the name leads.
    pub(crate) async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let found = timeout(CONNECT, lookup_host((self.host.as_str(), self.port))).await;
        let found = found.map_err(|_| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
        let mut addresses: Vec<_> = found.collect();
        addresses.dedup();
        if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses) }
    }
}

/// Whether something listens at an address.
pub(crate) async fn listens(address: SocketAddr) -> Result<(), String> {
    match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(connected) => connected.map(drop).map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

impl Client {
    /// Whether a secret may be sent: over TLS where every certificate so far was right, and from now on every connection
    /// with a wrong one ends; without TLS only to this computer.
    pub(crate) fn may_have_secrets(&self) -> bool {
        if !self.target.is_https {
            return self.target.is_here();
        }
        self.tls.insist();
        self.tls.wrong().is_none()
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, String> {
        let work = async {
            let stream = self.connect().await?;
            if !self.target.is_https {
                return exchange(stream, &self.target.authority(), method, path, headers, body).await;
            }
            let stream = self.shake(stream).await?;
            exchange(stream, &self.target.authority(), method, path, headers, body).await
        };
        timeout(ANSWER, work).await.map_err(|_| format!("no answer within {} seconds", ANSWER.as_secs()))?
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Reply, String> {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// What TLS is agreed on.
    pub(crate) async fn agreed(&self) -> Result<Agreed, String> {
        let work = async {
            let stream = self.shake(self.connect().await?).await?;
            let (_, connection) = stream.get_ref();
            let certificate =
                connection.peer_certificates().and_then(|shown| shown.first()).map(|shown| shown.to_vec());
            Ok(Agreed { version: connection.protocol_version(), certificate })
        };
        timeout(ANSWER, work).await.map_err(|_| "no answer in time".to_owned())?
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        TcpStream::connect((self.target.host.as_str(), self.target.port)).await.map_err(|error| error.to_string())
    }

    async fn shake(&self, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
        let name = ServerName::try_from(self.target.host.clone()).map_err(|error| error.to_string())?;
        self.tls.connector.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    host: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Reply, String> {
    let said = |error: hyper::Error| format!("no HTTP answer ({error})");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    request = request.header("user-agent", concat!("stakepoolctl/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
    let reply = sender.send_request(request).await.map_err(said)?;
    let (parts, body) = reply.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|error| error.to_string())?.to_bytes();
    connection.abort();
    Ok(Reply { status: parts.status, headers: parts.headers, body })
}

impl Reply {
    /// The only value of a header; nothing where it is missing or not text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.headers.get_all(name).iter().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_pool_and_nothing_within_it() {
        for (url, same) in [
            ("https://pool.example", "https://pool.example"),
            ("https://pool.example:443/", "https://pool.example"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(Target::parse(url).unwrap().url(), same);
        }
        for bad in
            ["pool.example", "ftp://pool.example", "https://", "https://u@pool.example", "https://pool.example/x"]
        {
            assert!(Target::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_place_is_the_pools_where_scheme_host_and_port_are() {
        let pool = Target::parse("https://pool.example").unwrap();
        for url in ["https://pool.example/signin", "https://Pool.Example:443/?x", "https://pool.example"] {
            assert!(pool.is_place_of(url), "{url}");
        }
        for other in [
            "https://pool.example.evil.org/signin",
            "https://pool.example:8443/signin",
            "https://pool.example@evil.org/",
            "https://u@pool.example/",
            "http://pool.example/signin",
            "/signin",
            "",
        ] {
            assert!(!pool.is_place_of(other), "{other}");
        }
    }

    #[test]
    fn without_tls_only_this_computer_gets_secrets() {
        let may = |url| {
            let client = Client { target: Target::parse(url).unwrap(), tls: Tls::new(None).unwrap() };
            client.may_have_secrets()
        };
        for here in ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "http://[::ffff:127.0.0.1]"] {
            assert!(may(here), "{here}");
        }
        for away in ["http://pool.example", "http://192.0.2.1:8000", "http://localhost.example", "http://[::]"] {
            assert!(!may(away), "{away}");
        }
        assert!(may("https://pool.example"), "no wrong certificate was seen");
    }
}
