//! Host and port of a peer.

use std::io;
use std::net::Ipv6Addr;

use tokio::net::TcpStream;

/// Host and port of a peer: `wallet.example:9110`, `[::1]:9110`, or with the interface of a link-local address
/// `[fe80::1%eth0]:9110`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerAddress {
    host: String,
    port: u16,
}

impl PeerAddress {
    /// Reads `HOST:PORT`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = match host.strip_prefix('[') {
            Some(inner) => {
                let inner = inner.strip_suffix(']')?;
                let (address, zone) = inner.split_once('%').unwrap_or((inner, "eth0"));
                let is_zone = !zone.is_empty() && zone.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
                address.parse::<Ipv6Addr>().ok().filter(|_| is_zone)?;
                inner
            }
            None => host,
        };
        let is_host = !host.is_empty() && !host.contains(['/', '@', '?', '#', '[', ']', ' ']);
        let port = port.parse().ok().filter(|port| *port != 0)?;
        (is_host && (text.starts_with('[') || !host.contains([':', '%']))).then(|| Self { host: host.to_owned(), port })
    }

    /// The host without brackets and zone.
    pub(crate) fn host(&self) -> &str {
        self.host.split('%').next().unwrap_or_default()
    }

    /// Host and port as they stand in an URL, which has no place for a zone.
    pub(crate) fn authority(&self) -> String {
        let (host, port) = (self.host(), self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Connects.
    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        // The system knows the names of interfaces.
        TcpStream::connect((self.host.as_str(), self.port)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_all_kinds_are_split_from_their_port() {
        for (text, host, authority) in [
            ("127.0.0.1:9110", "127.0.0.1", "127.0.0.1:9110"),
            ("wallet.example:9110", "wallet.example", "wallet.example:9110"),
            ("[::1]:9110", "::1", "[::1]:9110"),
            ("[fe80::1%eth0]:9110", "fe80::1", "[fe80::1]:9110"),
            ("[fe80::1%2]:9110", "fe80::1", "[fe80::1]:9110"),
        ] {
            let address = PeerAddress::parse(text).unwrap();
            assert_eq!((address.host(), &*address.authority()), (host, authority));
        }
        for wrong in [
            "",
            "host",
            ":9110",
            "host:",
            "host:0",
            "host:70000",
            "::1:9110",
            "[::1:9110",
            "[]:1",
            "[x]:1",
            "[fe80::1%]:1",
            "[fe80::1%a b]:1",
            "fe80::1%eth0:1",
            "https://a:1",
            "u@a:1",
            "a b:1",
            "a/x:1",
        ] {
            assert_eq!(PeerAddress::parse(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_zone_is_the_systems_to_understand() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(PeerAddress::parse(&format!("127.0.0.1:{port}")).unwrap().connect().await.is_ok());
        // An interface that no machine has: the system was asked, and says so.
        let error = PeerAddress::parse(&format!("[fe80::1%nowhere0]:{port}")).unwrap().connect().await.unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
    }
}
