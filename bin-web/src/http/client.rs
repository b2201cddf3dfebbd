//! Who is asking: the address of the client, behind proxies that are trusted.

use std::net::IpAddr;

use stakepool::accounts::ClientAddress;
use warp::http::HeaderMap;

use crate::options::ProxyTrust;

/// The client of a request. A header is believed only from trusted proxies: walking it from its end, the first
/// address that is no trusted proxy is the client, since everything before it may be invented. Where what must be
/// looked at is no address, the client is [`ClientAddress::UNKNOWN`], and never the proxy itself.
pub fn client_of(peer: IpAddr, headers: &HeaderMap, trust: &ProxyTrust) -> ClientAddress {
    let peer = peer.to_canonical();
    let trusted = |address: IpAddr| trust.trusts(address);
    let Some(header) = trust.header.as_deref().filter(|_| trusted(peer)) else { return ClientAddress(peer) };
    let mut client = peer;
    for value in headers.get_all(header).iter().rev() {
        // As bytes: one that is no ASCII, somewhere in what the client invented, must not hide what the proxy wrote.
        for part in value.as_bytes().rsplit(|byte| *byte == b',') {
            let text = std::str::from_utf8(part).unwrap_or_default();
            let Some(address) = address_of(text.trim()) else { return ClientAddress::UNKNOWN };
            client = address;
            if !trusted(client) {
                return ClientAddress(client);
            }
        }
    }
    ClientAddress(client)
}

/// An address with or without a port and brackets, as proxies write it.
fn address_of(text: &str) -> Option<IpAddr> {
    let plain = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    plain.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, header: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trust = ProxyTrust {
            header: Some("X-Forwarded-For".into()),
            proxies: proxies.iter().map(|range| range.parse().unwrap()).collect(),
        };
        client_of(peer.parse().unwrap(), &headers, &trust).to_string()
    }

    #[test]
    fn a_header_from_anybody_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["127.0.0.1"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &[]), "127.0.0.1");
    }

    #[test]
    fn the_nearest_untrusted_address_is_the_client() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.3"], &proxies), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["6.6.6.6", "198.51.100.1:4711"], &proxies), "198.51.100.1");
        assert_eq!(client("::ffff:127.0.0.1", &["[2001:db8::1]"], &proxies), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &[], &proxies), "127.0.0.1");
    }

    #[test]
    fn what_cannot_be_read_never_makes_the_client_a_proxy() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(client("127.0.0.1", &["nonsense\u{e4}"], &proxies), "::");
        assert_eq!(client("127.0.0.1", &["", "10.0.0.3"], &proxies), "::");
        let mut headers = HeaderMap::new();
        let value = b"\xe4, 198.51.100.1";
        headers.append("x-forwarded-for", warp::http::HeaderValue::from_bytes(value).unwrap());
        let trust = ProxyTrust { header: Some("X-Forwarded-For".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
        let found = client_of("127.0.0.1".parse().unwrap(), &headers, &trust);
        assert_eq!(found.to_string(), "198.51.100.1");
    }
}
