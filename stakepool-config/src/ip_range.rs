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

    /// Its first and its last address.
    fn span(&self) -> (u128, u128) {
        let ignored = u32::from(width(self.base) - self.prefix);
        let rest = u128::MAX.checked_shr(128 - ignored).unwrap_or(0);
        let first = bits(self.base) & !rest;
        (first, first | rest)
    }

    /// Whether it is so wide that it can hardly be meant: more than a /8 of IPv4 or a /7 of IPv6.
    pub(crate) const fn is_vast(&self) -> bool {
        self.prefix < if self.base.is_ipv4() { 8 } else { 7 }
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

/// Whether ranges together are all addresses of IPv4, or all of IPv6 that are given to anybody (2000::/3): whoever they
/// name is everybody.
pub(crate) fn cover_everybody(ranges: &[IpRange]) -> bool {
    let internet6 = 0b001_u128 << 125..=(0b010_u128 << 125) - 1;
    cover(ranges, true, &(0..=u128::from(u32::MAX))) || cover(ranges, false, &internet6)
}

/// Whether ranges of one kind leave no gap in `whole`.
fn cover(ranges: &[IpRange], of_ipv4: bool, whole: &std::ops::RangeInclusive<u128>) -> bool {
    let mut spans: Vec<(u128, u128)> =
        ranges.iter().filter(|range| range.base.is_ipv4() == of_ipv4).map(IpRange::span).collect();
    spans.sort_unstable();
    let mut next = *whole.start();
    for (first, last) in spans {
        if first > next {
            return false;
        }
        next = next.max(last.saturating_add(1));
        if next > *whole.end() {
            return true;
        }
    }
    false
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
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        // The interface of a link-local address: an address that a connection comes from has none.
        let address =
            address.split_once('%').filter(|(before, _)| before.contains(':')).map_or(address, |(before, _)| before);
        let base: IpAddr = address.parse().map_err(|_| wrong())?;
        let prefix = prefix.unwrap_or(width(base));
        let canonical = base.to_canonical();
        // A network of IPv4 addresses that are written as IPv6 is one of IPv4.
        let beyond = width(base) - width(canonical);
        match prefix.checked_sub(beyond) {
            Some(prefix) if prefix <= width(canonical) => Ok(Self { base: canonical, prefix }),
            None if prefix <= width(base) => Ok(Self { base, prefix }),
            _ => Err(wrong()),
        }
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
    fn a_zone_is_dropped_and_a_network_of_mapped_addresses_is_one_of_ipv4() {
        assert!(contains("fe80::1%eth0", "fe80::1") && contains("fe80::%eth0/10", "fe80::2"));
        assert!(contains("::ffff:10.0.0.0/104", "10.1.2.3") && !contains("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert!("::ffff:10.0.0.0/129".parse::<IpRange>().is_err() && "1.2.3.4%eth0".parse::<IpRange>().is_err());
    }

    #[test]
    fn ranges_that_leave_nobody_out_are_recognised() {
        let everybody = |ranges: &str| {
            let ranges: Vec<IpRange> = ranges.split(',').map(|range| range.parse().unwrap()).collect();
            cover_everybody(&ranges)
        };
        for all in [
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1,128.0.0.0/1",
            "128.0.0.0/1,10.0.0.0/8,0.0.0.0/2,64.0.0.0/2",
            "2000::/3",
            "2000::/4,3000::/4",
            "::ffff:0.0.0.0/96",
            "8000::/1,::/1",
        ] {
            assert!(everybody(all), "{all}");
        }
        for some in ["0.0.0.0/1", "10.0.0.0/8,::1", "0.0.0.0/1,129.0.0.0/8", "fe80::/10", "2000::/4", "8000::/1"] {
            assert!(!everybody(some), "{some}");
        }
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
