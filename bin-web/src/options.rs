//! What the web application must be told, apart from the services that it uses.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use stakepool_config::IpRange;
use stakepool_core::accounts::PasswordCosts;
use stakepool_core::chain::Network;
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;

use crate::admission::Administration;
use crate::options::Monitoring;

/// The pool's name where the operator gives none.
pub const SITE_NAME: &str = "EXCC stake pool";

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

/// The settings of the web application.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// Where to listen.
    pub listen: Listen,
    /// The network of the pool.
    pub network: Network,
    /// The pool's name in titles.
    pub site_name: String,
    /// The address under which users see the pool, such as `https://pool.example.org`.
    pub base_url: String,
    /// The fee that tickets must pay.
    pub pool_fee: PoolFee,
    /// Where users write to; empty where there is none.
    pub pool_email: String,
    /// A page about the pool; empty where there is none.
    pub pool_link: String,
    /// What users read where the pool takes no new users and addresses; `None` while it is open.
    pub closed: Option<String>,
    /// Signs API keys.
    pub api_secret: Secret,
    /// Signs the token against forged forms.
    pub cookie_secret: Secret,
    /// Whether browsers send cookies over TLS only.
    pub cookie_secure: bool,
    /// Reverse proxies.
    pub proxies: ProxyTrust,
    /// Who administers the pool.
    pub administration: Administration,
    /// How many blocks back voted tickets are shown unless older ones are asked for.
    pub max_voted_age: u32,
    /// A folder whose templates replace the built-in ones of the same name.
    pub template_path: Option<PathBuf>,
    /// A folder whose files are served beside, and instead of, the built-in assets.
    pub public_path: Option<PathBuf>,
    /// Monitors and alerts.
    pub monitoring: Monitoring,
    /// Limits of tries.
    pub tries: TryLimits,
    /// What a password hash costs.
    pub password_costs: PasswordCosts,
    /// How sign-up and password reset are protected from robots.
    pub captcha: CaptchaChoice,
    /// Whether administrators must have a second factor.
    pub admin_totp: bool,
}

impl WebOptions {
    /// Options of an open pool on a network, listening on a free port of this machine.
    pub fn new(network: Network, pool_fee: PoolFee, api_secret: Secret, cookie_secret: Secret) -> Self {
        Self {
            listen: Listen::Tcp((std::net::Ipv4Addr::LOCALHOST, 0).into()),
            network,
            site_name: SITE_NAME.to_owned(),
            base_url: "http://localhost".to_owned(),
            pool_fee,
            pool_email: String::new(),
            pool_link: String::new(),
            closed: None,
            api_secret,
            cookie_secret,
            cookie_secure: false,
            proxies: ProxyTrust::default(),
            administration: Administration::default(),
            max_voted_age: 8640,
            template_path: None,
            public_path: None,
            monitoring: Monitoring::default(),
            tries: TryLimits::default(),
            password_costs: PasswordCosts::default(),
            captcha: CaptchaChoice::None,
            admin_totp: false,
        }
    }
}

impl WebOptions {
    /// Whether users reach the pool by HTTPS.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
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
