//! Who is asking: the address of the client, behind proxies that are trusted.

use std::net::IpAddr;
use std::time::Duration;

use stakepool::accounts::ClientAddress;
use stakepool_core::log_throttle::LogThrottle;
use tokio::time::Instant;
use warp::http::HeaderMap;

use super::forwarded::{Unreadable, address_in, parts_from_the_end};
use crate::options::ProxyTrust;

/// The headers by which proxies show themselves.
const OF_PROXIES: [&str; 3] = ["x-forwarded-for", "x-real-ip", "forwarded"];
/// How often it is said that a proxy sends no header: its own checks may well come without one.
const SELDOM: Duration = Duration::from_secs(60 * 60);

/// The client of a request. A header is believed only from trusted proxies: walking it from its end, the first
/// address that is no trusted proxy is the client, since everything before it may be invented. Where the header is
/// missing, or where what must be looked at is no address, the client is [`ClientAddress::unknown_behind`] the proxy, and
/// never the proxy itself: nobody administers the pool from there.
pub fn client_of(peer: IpAddr, headers: &HeaderMap, trust: &ProxyTrust) -> ClientAddress {
    let peer = peer.to_canonical();
    let Some(header) = trust.header.as_deref() else { return without_proxies(peer, headers) };
    if !trust.trusts(peer) {
        return ClientAddress(peer);
    }
    named(headers, header, trust).unwrap_or_else(|reason| {
        complain(peer, header, reason);
        ClientAddress::unknown_behind(peer)
    })
}

/// The client where no proxy is configured. A request from this host that bears a proxy's header came through one all
/// the same: the client before it is unknown, and does not administer the pool as if it were this host.
fn without_proxies(peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
    let Some(header) = OF_PROXIES.into_iter().find(|name| peer.is_loopback() && headers.contains_key(*name)) else {
        return ClientAddress(peer);
    };
    static UNCONFIGURED: LogThrottle = LogThrottle::with_pause(SELDOM);
    if let Some(unsaid) = UNCONFIGURED.pass(Instant::now().into_std()) {
        tracing::warn!(
            %peer, header, unsaid,
            "visitors come through a proxy that is not configured: they share one count of tries, and nobody administers \
             the pool from there; set realipheader and trustedproxies"
        );
    }
    ClientAddress::unknown_behind(peer)
}

/// The client that a trusted proxy names.
fn named(headers: &HeaderMap, header: &str, trust: &ProxyTrust) -> Result<ClientAddress, Unreadable> {
    let is_forwarded = header.eq_ignore_ascii_case("forwarded");
    let mut client = Err(Unreadable::Missing);
    for value in headers.get_all(header).iter().rev() {
        // As bytes: one that is no ASCII, somewhere in what the client invented, must not hide what the proxy wrote.
        for part in parts_from_the_end(value.as_bytes()) {
            let address = address_in(part, is_forwarded)?;
            client = Ok(ClientAddress(address));
            if !trust.trusts(address) {
                return client;
            }
        }
    }
    // All of them are proxies: the one that is farthest away asks for itself.
    client
}

/// Says loudly, but not for each visitor, that a trusted proxy does not tell who asks.
fn complain(proxy: IpAddr, header: &str, reason: Unreadable) {
    static UNREADABLE: LogThrottle = LogThrottle::new();
    static MISSING: LogThrottle = LogThrottle::with_pause(SELDOM);
    let throttle = if reason == Unreadable::Missing { &MISSING } else { &UNREADABLE };
    if let Some(unsaid) = throttle.pass(Instant::now().into_std()) {
        tracing::warn!(
            %proxy, header, %reason, unsaid,
            "a trusted proxy does not say who asks: such visitors share one count of tries, and nobody administers the \
             pool from there; have the proxy set the header to the visitor's address"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(name: &str, peer: &str, header: &[&[u8]], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(
                warp::http::HeaderName::try_from(name).unwrap(),
                warp::http::HeaderValue::from_bytes(value).unwrap(),
            );
        }
        let trust = ProxyTrust {
            header: Some(name.into()),
            proxies: proxies.iter().map(|range| range.parse().unwrap()).collect(),
        };
        client_of(peer.parse().unwrap(), &headers, &trust).to_string()
    }

    fn client(peer: &str, header: &[&str], proxies: &[&str]) -> String {
        let header: Vec<_> = header.iter().map(|value| value.as_bytes()).collect();
        of_header("X-Forwarded-For", peer, &header, proxies)
    }

    #[test]
    fn a_header_from_anybody_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["127.0.0.1"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &[]), "127.0.0.1");
    }

    #[test]
    fn a_proxy_that_is_not_configured_does_not_make_visitors_this_host() {
        let from = |peer: &str, header: &'static str| {
            let headers = HeaderMap::from_iter([(
                warp::http::HeaderName::from_static(header),
                warp::http::HeaderValue::from_static("203.0.113.9"),
            )]);
            client_of(peer.parse().unwrap(), &headers, &ProxyTrust::default()).to_string()
        };
        for header in OF_PROXIES {
            assert_eq!(from("127.0.0.1", header), "an unknown address", "{header}");
            assert_eq!(from("::1", header), "an unknown address", "{header}");
            assert_eq!(from("198.51.100.1", header), "198.51.100.1", "{header}");
        }
        assert_eq!(from("127.0.0.1", "accept"), "127.0.0.1");
    }

    #[test]
    fn the_nearest_untrusted_address_is_the_client() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(client("127.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.3"], &proxies), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["6.6.6.6", "198.51.100.1:4711"], &proxies), "198.51.100.1");
        assert_eq!(client("::ffff:127.0.0.1", &["[2001:db8::1]"], &proxies), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &["10.0.0.3, 127.0.0.1"], &proxies), "10.0.0.3");
    }

    #[test]
    fn forwarded_is_walked_from_its_end_and_an_open_quote_hides_nothing() {
        let of = |header: &str| of_header("Forwarded", "127.0.0.1", &[header.as_bytes()], &["127.0.0.1", "10.0.0.0/8"]);
        assert_eq!(of("for=203.0.113.9;proto=https"), "203.0.113.9");
        assert_eq!(of("for=6.6.6.6, for=203.0.113.9;by=\"a,b\", For=\"10.0.0.2:80\""), "203.0.113.9");
        assert_eq!(of("for=\", for=203.0.113.9"), "203.0.113.9");
        assert_eq!(of("203.0.113.9"), "an unknown address");
    }

    #[test]
    fn who_is_not_named_is_unknown_and_never_the_proxy() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"];
        for header in [&[][..], &[""], &["unknown"], &["unix:"], &["nonsense"], &["", "10.0.0.3"]] {
            assert_eq!(client("127.0.0.1", header, &proxies), "an unknown address", "{header:?}");
        }
        let invented = of_header("X-Real-IP", "127.0.0.1", &[b"\xe4, 198.51.100.1"], &proxies);
        assert_eq!(invented, "198.51.100.1");
        assert_eq!(of_header("X-Real-IP", "127.0.0.1", &[b"\xe4"], &proxies), "an unknown address");
    }
}
