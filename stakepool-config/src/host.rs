//! Hosts with ports, as people write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host with its port, or with the default port.
pub(crate) fn with_port(text: &str, default_port: u16) -> Result<String, String> {
    let (host, port) = split_host(text)?;
    let port = port.unwrap_or(default_port);
    if host.is_empty() {
        return Err(not_a_host(text));
    }
    if port == 0 {
        return Err(format!("`{text}` has port 0, at which nobody can be reached: give one from 1 to 65535"));
    }
    if host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_unicast_link_local()) {
        return Err(format!(
            "`{text}` is a link-local address without its interface: write it like [fe80::1%eth0]:9110"
        ));
    }
    Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

/// Splits the port, where there is one, from a name or address (IPv6 with or without brackets, with or without the name of
/// an interface). The host may be missing, and the port 0.
pub(crate) fn split_host(text: &str) -> Result<(&str, Option<u16>), String> {
    // What stands before an @ may be a password.
    if text.contains('@') {
        return Err("a host with a user or password before it is not taken: write HOST or HOST:PORT".to_owned());
    }
    if text.contains("://") || text.contains('/') {
        return Err(format!(
            "`{text}` is a web address: write only HOST or HOST:PORT, without what stands before and after"
        ));
    }
    if is_ipv6(text) {
        return Ok((text, None));
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, rest)) if is_ipv6(inner) => match rest.strip_prefix(':') {
            _ if rest.is_empty() => (inner, None),
            Some(port) => (inner, Some(port)),
            None => return Err(not_a_host(text)),
        },
        Some(_) => return Err(not_a_host(text)),
        None => {
            let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
            if !host.is_empty() {
                check_name(host).map_err(|reason| {
                    if reason.is_empty() { not_a_host(text) } else { format!("`{host}` {reason}") }
                })?;
            }
            (host, port)
        }
    };
    let number = |port: &str| {
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || format!("`{text}` has no port that there is: give one from 1 to 65535, or none for the default");
        port.parse().ok().filter(|_| is_number).ok_or_else(wrong)
    };
    Ok((host, port.map(number).transpose()?))
}

/// An IPv6 address, or a link-local one with its interface.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let is_zone = |zone: &str| !zone.is_empty() && zone.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

/// What is wrong with a name or IPv4 address, where there are words for it.
fn check_name(host: &str) -> Result<(), &'static str> {
    if host.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let is_address = host.parse::<Ipv4Addr>().is_ok();
        return if is_address { Ok(()) } else { Err("is no IPv4 address: it has four numbers from 0 to 255") };
    }
    if host.ends_with('.') {
        return Err("has a dot at its end: leave it out");
    }
    if host.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) {
        return Err("is not written as the network knows it: write its ASCII form, which begins with xn--");
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.len() <= 253 && host.split('.').all(is_label) { Ok(()) } else { Err("") }
}

fn not_a_host(text: &str) -> String {
    format!("`{text}` is not a host: write it as HOST or HOST:PORT, such as 10.0.0.3, [::1]:9110 or wallet.example")
}

/// Whether a host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// What a host with its port is called, whichever of its names is written.
pub(crate) fn known_as(host_and_port: &str) -> String {
    let Some((host, port)) = host_and_port.rsplit_once(':') else { return host_and_port.to_owned() };
    let bare = host.trim_matches(['[', ']']);
    let host = match bare.parse::<IpAddr>() {
        _ if is_loopback(bare) => "localhost".to_owned(),
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => bare.to_lowercase(),
    };
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_without_a_port_gets_the_default() {
        for (text, expected) in [
            ("10.0.0.3", "10.0.0.3:9110"),
            ("10.0.0.3:1", "10.0.0.3:1"),
            ("wallet.example", "wallet.example:9110"),
            ("wallet_1.local", "wallet_1.local:9110"),
            ("3wallets", "3wallets:9110"),
            ("::1", "[::1]:9110"),
            ("[::1]", "[::1]:9110"),
            ("[::1]:65535", "[::1]:65535"),
            ("[fe80::1%eth0]:9110", "[fe80::1%eth0]:9110"),
            ("fe80::1%2", "[fe80::1%2]:9110"),
        ] {
            assert_eq!(with_port(text, 9110).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_its_own_reason() {
        for (text, reason) in [
            ("", "is not a host"),
            (":9110", "is not a host"),
            ("https://host", "is a web address"),
            ("10.0.0.3/", "is a web address"),
            ("10.0.0.3:9110/ws", "is a web address"),
            ("host:port", "give one from 1 to 65535"),
            ("host:", "give one from 1 to 65535"),
            ("host:+1", "give one from 1 to 65535"),
            ("host:65536", "give one from 1 to 65535"),
            ("host:0", "port 0"),
            ("[::1", "is not a host"),
            ("[x]:1", "is not a host"),
            ("[fe80::1%]:1", "is not a host"),
            ("[fe80::1%a b]:1", "is not a host"),
            ("fe80::1", "without its interface"),
            ("a b", "is not a host"),
            ("::1::", "give one from 1 to 65535"),
            ("10.0.0.300", "is no IPv4 address"),
            ("10.0.3", "is no IPv4 address"),
            ("a..b", "is not a host"),
            (".a", "is not a host"),
            ("-x", "is not a host"),
            ("x-.example", "is not a host"),
            ("host.example.", "a dot at its end"),
            ("w\u{e4}llet.example", "xn--"),
        ] {
            let error = with_port(text, 9110).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let error = with_port("pool:hunter2@host:9110", 9110).unwrap_err();
        assert!(error.contains("not taken") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_server_is_known_by_all_its_names() {
        for (one, other) in [
            ("localhost:1", "127.0.0.1:1"),
            ("[::1]:1", "LOCALHOST:1"),
            ("127.0.0.1:1", "127.1.2.3:1"),
            ("[::ffff:10.0.0.1]:1", "10.0.0.1:1"),
            ("[2001:db8:0::1]:1", "[2001:DB8::1]:1"),
            ("Wallet.Example:1", "wallet.example:1"),
        ] {
            assert_eq!(known_as(one), known_as(other));
        }
        assert_ne!(known_as("localhost:1"), known_as("localhost:2"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = with_port(&text, 1).map(|host| known_as(&host));
        }
    }
}
