//! Where a program listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::host::{is_loopback, split_host};

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

/// Who may connect to a unix socket: the rights of its file.
///
/// ```
/// use stakepool_config::SocketAccess;
///
/// // As to a TCP port of this machine: whoever reaches the folder.
/// assert_eq!(SocketAccess::default().mode, 0o666);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketAccess {
    /// The mode of the file: connecting needs the right to write.
    pub mode: u32,
    /// The group of the file, by name or number; the program's own where it is not set.
    pub group: Option<String>,
}

impl Default for SocketAccess {
    fn default() -> Self {
        Self { mode: 0o666, group: None }
    }
}

impl SocketAccess {
    /// Reads a mode as `chmod` takes it: `0660`.
    pub(crate) fn mode(text: &str) -> Result<u32, String> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let is_octal = (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let mode = u32::from_str_radix(digits, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
        let wrong = || format!("`{text}` is not the mode of a file: write it like 0660 or 0666");
        let mode = mode.ok_or_else(wrong)?;
        if mode & 0o222 == 0 {
            return Err(format!(
                "`{text}` lets nobody connect, which needs the right to write: write it like 0660 or 0666"
            ));
        }
        Ok(mode)
    }
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
            Self::Tcp { host: Some(host), .. } => is_loopback(host),
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
    fn a_mode_is_written_as_for_chmod_and_lets_somebody_connect() {
        for (text, mode) in [("0660", 0o660), ("660", 0o660), ("0o666", 0o666), ("0777", 0o777)] {
            assert_eq!(SocketAccess::mode(text), Ok(mode), "{text}");
        }
        for text in ["", "66", "rw-rw----", "0888", "1777", "0x1b0", "0444", "0000", "+660"] {
            assert!(SocketAccess::mode(text).is_err(), "{text}");
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
