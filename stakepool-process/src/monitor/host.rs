//! The header `Host` of requests.

use std::net::Ipv6Addr;

use hyper::header::HOST;
use hyper::{HeaderMap, Version};

/// Whether a request has exactly one `Host` that names a host, or none in a version that has none (RFC 9112, 3.2).
pub fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(is_host),
        (Some(_), Some(_)) => false,
    }
}

/// Whether a text is a name or address, with or without a port. A name has no more than those that there are.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("address", port),
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_port =
        |port: &str| port.strip_prefix(':').is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok());
    !host.is_empty() && host.bytes().all(is_of_name) && (port.is_empty() || is_port(port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn one_host_that_names_a_host_is_asked_for() {
        let has = |version, hosts: &[&'static str]| {
            let hosts = hosts.iter().map(|host| (HOST, HeaderValue::from_static(host)));
            let mut headers = HeaderMap::new();
            for (name, host) in hosts {
                headers.append(name, host);
            }
            has_one_host(version, &headers)
        };
        for good in ["pool.example", "pool.example:8000", "127.0.0.1", "[::1]:80", "a_b"] {
            assert!(has(Version::HTTP_11, &[good]), "{good}");
        }
        for bad in ["", "a b", "a/b", "user@host", "a,b", "a:b", "[::1", "http://a"] {
            assert!(!has(Version::HTTP_11, &[bad]), "{bad}");
        }
        assert!(!has(Version::HTTP_11, &[]) && has(Version::HTTP_10, &[]));
        assert!(!has(Version::HTTP_11, &["a", "a"]) && !has(Version::HTTP_10, &["a", "b"]));
    }
}
