//! Where a program listens.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::endpoint::split_host;

/// Where a program listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// On a TCP port.
    Tcp {
        /// Name or address of the interface, IPv6 without brackets; all interfaces where it is left out.
        host: Option<String>,
        /// The port; 0 for any that is free.
        port: u16,
    },
    /// On a unix socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Reads `HOST:PORT`, `:PORT`, or `HOST` where there is a default port.
    pub(crate) fn tcp(text: &str, default_port: Option<u16>) -> Result<Self, String> {
        let (host, port) = split_host(text)?;
        let port = port
            .or(default_port)
            .ok_or_else(|| format!("`{text}` has no port: write it as HOST:PORT, or :PORT for all interfaces"))?;
        Ok(Self::Tcp { host: (!host.is_empty()).then(|| host.to_owned()), port })
    }

    /// As [`ListenAddress::tcp`], or the path of a unix socket, which begins with `/` or `.`.
    pub(crate) fn tcp_or_unix(text: &str) -> Result<Self, String> {
        if text.starts_with(['/', '.']) { Ok(Self::Unix(PathBuf::from(text))) } else { Self::tcp(text, None) }
    }

    /// Whether only this computer reaches it: on a unix socket, or on an address that does not leave the computer.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host: None, .. } => false,
            Self::Tcp { host: Some(host), .. } => {
                host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        }
    }

    /// The addresses to try to bind, in order; the first that works is enough. Empty for a unix socket.
    pub fn tcp_candidates(&self) -> Vec<String> {
        match self {
            Self::Tcp { host: None, port } => vec![format!("[::]:{port}"), format!("0.0.0.0:{port}")],
            Self::Tcp { .. } => vec![self.to_string()],
            Self::Unix(_) => Vec::new(),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host: Some(host), port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{}:{port}", host.as_deref().unwrap_or("")),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_written_as_by_the_predecessor() {
        for (text, shown, first) in [
            (":8000", ":8000", "[::]:8000"),
            ("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"),
            ("0.0.0.0", "0.0.0.0:9113", "0.0.0.0:9113"),
            ("::1", "[::1]:9113", "[::1]:9113"),
        ] {
            let address = ListenAddress::tcp(text, Some(9113)).unwrap();
            assert_eq!((address.to_string().as_str(), address.tcp_candidates()[0].as_str()), (shown, first));
        }
        assert_eq!(ListenAddress::tcp_or_unix("./web.sock"), Ok(ListenAddress::Unix("./web.sock".into())));
        assert!(ListenAddress::tcp_or_unix("localhost").is_err());
        assert!(ListenAddress::tcp("localhost:http", Some(1)).is_err());
    }
}
