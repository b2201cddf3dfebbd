//! The settings of the web application, beside those of the pool.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use stakepool_config::IpRange;
use stakepool_core::secret::Secret;

use crate::admission::Admission;

/// Where the application listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address.
    Tcp(SocketAddr),
    /// The path of a unix socket; a stale socket there is replaced.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A text that is no place to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address to listen at: write `127.0.0.1:8000`, `:8000`, or the path of a unix socket")]
pub struct ListenError(String);

impl FromStr for Listen {
    type Err = ListenError;

    /// `HOST:PORT`, `:PORT` (every address of the machine) or a path with a slash in it.
    fn from_str(text: &str) -> Result<Self, ListenError> {
        let no_address = || ListenError(text.to_owned());
        if text.contains('/') {
            return Ok(Self::Unix(text.trim_start_matches("unix:").into()));
        }
        match text.strip_prefix(':') {
            Some(port) => {
                let port = port.parse().map_err(|_| no_address())?;
                Ok(Self::Tcp((std::net::Ipv6Addr::UNSPECIFIED, port).into()))
            }
            None => text.replace("localhost", "127.0.0.1").parse().map(Self::Tcp).map_err(|_| no_address()),
        }
    }
}

/// How the client's address is found behind reverse proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyTrust {
    /// The header in which the proxies name the client, such as `X-Forwarded-For`; `None` believes no header.
    pub header: Option<String>,
    /// The proxies whose header is believed.
    pub proxies: Vec<IpRange>,
}

impl ProxyTrust {
    /// Whether an address is a proxy whose header is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|range| range.contains(address))
    }
}

/// How forms that anybody can send are protected from robots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CaptchaChoice {
    /// Not at all.
    #[default]
    None,
    /// By a question of our own.
    Own,
    /// By Google's reCAPTCHA.
    Recaptcha {
        /// The public key.
        site_key: String,
        /// The secret.
        secret: Secret,
    },
}

/// The settings of the web application, beside those of the pool.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// Where to listen.
    pub listen: Listen,
    /// Whether browsers send cookies over TLS only.
    pub cookie_secure: bool,
    /// Reverse proxies.
    pub proxies: ProxyTrust,
    /// From where administrators and monitors are admitted.
    pub admission: Admission,
    /// How many blocks back voted tickets are shown unless older ones are asked for.
    pub max_voted_age: u32,
    /// A folder whose templates replace the built-in ones of the same name.
    pub template_path: Option<PathBuf>,
    /// A folder whose files are served beside, and instead of, the built-in assets.
    pub public_path: Option<PathBuf>,
    /// Addresses for the monitors' listener, of which the first that works is used; none where there is no listener.
    pub monitor_listen: Vec<String>,
    /// How sign-up and password reset are protected from robots.
    pub captcha: CaptchaChoice,
}

impl Default for WebOptions {
    /// Listens on a free port of this machine.
    fn default() -> Self {
        Self {
            listen: Listen::Tcp((std::net::Ipv4Addr::LOCALHOST, 0).into()),
            cookie_secure: false,
            proxies: ProxyTrust::default(),
            admission: Admission::default(),
            max_voted_age: 8640,
            template_path: None,
            public_path: None,
            monitor_listen: Vec::new(),
            captcha: CaptchaChoice::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_listen_are_read() {
        assert_eq!(":8000".parse(), Ok(Listen::Tcp("[::]:8000".parse().unwrap())));
        assert_eq!("127.0.0.1:80".parse(), Ok(Listen::Tcp("127.0.0.1:80".parse().unwrap())));
        assert_eq!("localhost:80".parse(), Ok(Listen::Tcp("127.0.0.1:80".parse().unwrap())));
        assert_eq!("/run/pool.sock".parse(), Ok(Listen::Unix("/run/pool.sock".into())));
        for wrong in ["", "8000", ":", ":x", "host"] {
            assert!(wrong.parse::<Listen>().is_err(), "{wrong}");
        }
    }
}
