//! Addresses and networks that are trusted or may administer.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An IP address, or all addresses of a network (`10.0.0.0/8`).
///
/// ```
/// use std::net::Ipv4Addr;
/// use stakepool_config::IpRange;
///
/// let office: IpRange = "192.0.2.0/24".parse()?;
/// assert!(office.contains(Ipv4Addr::new(192, 0, 2, 7).into()));
/// assert!(!office.contains(Ipv4Addr::LOCALHOST.into()));
/// # Ok::<(), stakepool_config::IpRangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpRange {
    base: IpAddr,
    prefix: u8,
}

/// A text that is no address or network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IP address or network: write it like 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32")]
pub struct IpRangeError(pub String);

impl IpRange {
    /// Just one address.
    pub fn single(address: IpAddr) -> Self {
        let base = address.to_canonical();
        Self { base, prefix: width(base) }
    }

    /// Whether an address belongs to it. IPv4 addresses that are written as IPv6 (`::ffff:192.0.2.1`) count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.base.is_ipv4() != address.is_ipv4() {
            return false;
        }
        let ignored = u32::from(width(self.base) - self.prefix);
        let network = |address| bits(address).checked_shr(ignored).unwrap_or(0);
        network(self.base) == network(address)
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl From<IpAddr> for IpRange {
    fn from(address: IpAddr) -> Self {
        Self::single(address)
    }
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    fn from_str(text: &str) -> Result<Self, IpRangeError> {
        let wrong = || IpRangeError(text.to_owned());
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(Self::single).map_err(|_| wrong());
        };
        let base: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        if prefix <= width(base) { Ok(Self { base, prefix }) } else { Err(wrong()) }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == width(self.base) { self.base.fmt(f) } else { write!(f, "{}/{}", self.base, self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        range.parse::<IpRange>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "::1") && contains("192.0.2.1", "192.0.2.1") && !contains("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_recognised() {
        assert!(contains("127.0.0.1", "::ffff:127.0.0.1") && contains("::ffff:127.0.0.1", "127.0.0.1"));
    }

    #[test]
    fn a_range_prints_as_it_is_written_and_nonsense_is_refused() {
        for text in ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"] {
            assert_eq!(text.parse::<IpRange>().unwrap().to_string(), text);
        }
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "::/129", "1.2.3.4/x"] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }
}
