//! Where a program listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::endpoint::split_host;

/// Where a program listens.
///
/// ```
/// use stakepool_config::ListenAddress;
///
/// let everywhere: ListenAddress = ":8000".parse()?;
/// assert_eq!(everywhere.tcp_candidates(), ["[::]:8000", "0.0.0.0:8000"]);
/// let socket: ListenAddress = "/run/pool/web.sock".parse()?;
/// assert_eq!(socket, ListenAddress::Unix("/run/pool/web.sock".into()));
/// # Ok::<(), stakepool_config::ListenError>(())
/// ```
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

/// A text that is no place to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ListenError(String);

impl ListenAddress {
    /// Reads `HOST:PORT`, `:PORT`, or `HOST` where there is a default port.
    pub(crate) fn tcp(text: &str, default_port: Option<u16>) -> Result<Self, ListenError> {
        let (host, port) = split_host(text).map_err(ListenError)?;
        let no_port =
            || ListenError(format!("`{text}` has no port: write it as HOST:PORT, or :PORT for all interfaces"));
        let port = port.or(default_port).ok_or_else(no_port)?;
        Ok(Self::Tcp { host: (!host.is_empty()).then(|| host.to_owned()), port })
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

impl FromStr for ListenAddress {
    type Err = ListenError;

    /// `HOST:PORT`, `:PORT` (every address of the machine), or the path of a unix socket, which begins with `/` or `.`.
    fn from_str(text: &str) -> Result<Self, ListenError> {
        if text.starts_with(['/', '.']) { Ok(Self::Unix(PathBuf::from(text))) } else { Self::tcp(text, None) }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp { host: Some(address.ip().to_string()), port: address.port() }
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
        assert_eq!("./web.sock".parse(), Ok(ListenAddress::Unix("./web.sock".into())));
        for wrong in ["localhost", "8000", ":", ":x", "localhost:http"] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_of_the_machine_is_written_as_it_is_read() {
        for text in ["127.0.0.1:80", "[::1]:80"] {
            let address = ListenAddress::from(text.parse::<SocketAddr>().unwrap());
            assert_eq!((address.to_string().as_str(), text.parse()), (text, Ok(address)));
        }
    }
}
