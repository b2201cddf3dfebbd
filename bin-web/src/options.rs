//! The settings of the web application, beside those of the pool.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use stakepool_config::{IpRange, ListenAddress, SocketAccess};
use stakepool_core::secret::Secret;

use crate::admission::Admission;

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
    /// Where to listen; a stale unix socket there is replaced.
    pub listen: ListenAddress,
    /// Who may connect to a unix socket.
    pub listen_access: SocketAccess,
    /// Whether browsers send cookies over TLS only.
    pub cookie_secure: bool,
    /// Reverse proxies.
    pub proxies: ProxyTrust,
    /// From where administrators and monitors are admitted.
    pub admission: Admission,
    /// The block explorer to which pages link, without a slash at its end; `None` for no links.
    pub explorer: Option<String>,
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
    /// Whom to tell of a weakness: an e-mail address, or a URL; where users get help if there is none.
    pub security_contact: Option<String>,
}

impl Default for WebOptions {
    /// Listens on a free port of this machine.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into(),
            listen_access: SocketAccess::default(),
            cookie_secure: false,
            proxies: ProxyTrust::default(),
            admission: Admission::default(),
            explorer: None,
            max_voted_age: 8640,
            template_path: None,
            public_path: None,
            monitor_listen: Vec::new(),
            captcha: CaptchaChoice::None,
            security_contact: None,
        }
    }
}
