//! Where a request comes from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first of the addresses from which nobody comes (100::/64, RFC 6666).
const NOBODY: u128 = 0x0100 << 112;
/// How many times as much as one client all may do together of whom a proxy does not say who they are. What is counted
/// by account stays as it is, so that guessing gains nothing.
const UNKNOWN_CROWD: u32 = 30;

/// The address of a client. Behind proxies the front end must find out whose it is.
///
/// ```
/// use stakepool::accounts::ClientAddress;
///
/// let client = ClientAddress("2001:db8::1".parse().unwrap());
/// assert_eq!(client.network().to_string(), "2001:db8::", "tries of a household count together");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client of a unix socket, which is a proxy on this machine.
    pub const LOCAL: Self = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));

    /// A client of which nothing is known. No administrator is admitted from it.
    pub const UNKNOWN: Self = Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

    /// A client behind a proxy that did not say, in a way that can be read, who it is. All of one proxy's count as one,
    /// which is no other proxy's and nobody's own; no administrator is admitted from it.
    ///
    /// ```
    /// use stakepool::accounts::ClientAddress;
    ///
    /// let (one, other) = ("10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    /// assert!(ClientAddress::unknown_behind(one).is_unknown());
    /// assert_ne!(ClientAddress::unknown_behind(one), ClientAddress::unknown_behind(other));
    /// ```
    pub fn unknown_behind(proxy: IpAddr) -> Self {
        let id = match proxy.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            // The halves together: proxies of one network differ in the lower, those of several in the upper.
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                (bits >> 64) as u64 ^ bits as u64
            }
        };
        Self(IpAddr::V6(Ipv6Addr::from_bits(NOBODY | u128::from(id))))
    }

    /// Whether it is nobody's address: of [`ClientAddress::UNKNOWN`] or [`ClientAddress::unknown_behind`].
    pub fn is_unknown(self) -> bool {
        matches!(self.0, IpAddr::V6(address) if address.is_unspecified() || address.to_bits() >> 64 == NOBODY >> 64)
    }

    /// How much it may do where one client may do `most`: one that is unknown stands for many, who must not lock each
    /// other out.
    pub(crate) fn share(self, most: u32) -> u32 {
        if self.is_unknown() { most.saturating_mul(UNKNOWN_CROWD) } else { most }
    }

    /// The address as tries are counted: a household has a whole /64 of IPv6 addresses.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(_) if self.is_unknown() => self.0,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }

    /// The widest network that one customer of a provider commonly has: a /48 of IPv6. None for IPv4.
    pub fn wide_network(self) -> Option<IpAddr> {
        let IpAddr::V6(address) = self.0 else { return None };
        if self.is_unknown() {
            return None;
        }
        let [a, b, c, ..] = address.segments();
        // The last number tells it from the /64 with which it begins.
        Some(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 48)))
    }
}

impl ClientAddress {
    /// The network that is commonly one provider's at one place: a /48 of IPv6, a /24 of IPv4.
    pub(crate) fn neighbourhood(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & 0xffff_ff00)),
            IpAddr::V6(_) => self.wide_network().unwrap_or(self.0),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unknown() { f.write_str("an unknown address") } else { self.0.fmt(f) }
    }
}

/// Where a request comes from, and by what.
///
/// ```
/// use stakepool::accounts::{ClientAddress, Origin};
///
/// let origin = Origin::new(ClientAddress("203.0.113.9".parse().unwrap())).device("Firefox on Linux");
/// assert_eq!(origin.to_string(), "203.0.113.9, Firefox on Linux");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Origin {
    /// The client's address: tries are counted by it.
    pub client: ClientAddress,
    /// The kind of browser or program, as its user sees it in the list of devices.
    pub device: String,
    /// The note of [`NewSession::known_browser`](crate::accounts::NewSession::known_browser) that the browser keeps, if any.
    pub known_browser: Option<String>,
}

impl Origin {
    /// A client of which nothing but the address is known.
    pub const fn new(client: ClientAddress) -> Self {
        Self { client, device: String::new(), known_browser: None }
    }

    /// With the kind of browser or program.
    #[must_use]
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }

    /// With the note that a browser keeps which signed in before.
    #[must_use]
    pub fn known_browser(mut self, note: Option<String>) -> Self {
        self.known_browser = note;
        self
    }
}

// The note stands for a password in the count of tries: it stays out of logs.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, device, known_browser } = self;
        let known_browser = known_browser.as_ref().map(|_| "…");
        f.debug_struct("Origin")
            .field("client", client)
            .field("device", device)
            .field("known_browser", &known_browser)
            .finish()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.client, self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_browser_stays_out_of_logs() {
        let origin = Origin::new(ClientAddress::LOCAL).known_browser(Some("bearer".to_owned()));
        let text = format!("{origin:?} {origin}");
        assert!(text.contains("127.0.0.1") && !text.contains("bearer"), "{text}");
    }

    #[test]
    fn neighbours_of_one_ipv6_network_count_as_one() {
        let a = ClientAddress("2001:db8::1".parse().unwrap());
        let b = ClientAddress("2001:db8::ffff:2".parse().unwrap());
        assert_eq!(a.network(), b.network());
    }

    #[test]
    fn an_unknown_client_is_nobody_and_another_behind_each_proxy() {
        let behind = |proxy: &str| ClientAddress::unknown_behind(proxy.parse().unwrap());
        let clients = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"].map(behind);
        for (place, client) in clients.iter().enumerate() {
            assert!(client.is_unknown() && client.wide_network().is_none(), "{client:?}");
            assert!(clients[..place].iter().all(|other| other.network() != client.network()), "{client:?}");
            assert_eq!(client.to_string(), "an unknown address");
        }
        assert_eq!(behind("::ffff:10.0.0.1"), behind("10.0.0.1"));
        assert!(ClientAddress::UNKNOWN.is_unknown() && !ClientAddress::LOCAL.is_unknown());
        assert!(!ClientAddress("::1".parse().unwrap()).is_unknown());
    }
}
