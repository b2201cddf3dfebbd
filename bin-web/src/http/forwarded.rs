//! How proxies write a client's address into a header.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What a part of a header names instead of an address. The text itself is a stranger's and is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There is no header at all.
    Missing,
    /// The part is empty.
    Empty,
    /// The word `unknown`.
    Unknown,
    /// A name that hides the address (`_gazonk`, RFC 7239).
    Hidden,
    /// A unix socket.
    UnixSocket,
    /// An element of `Forwarded` without `for=`.
    WithoutFor,
    /// What is neither an address nor one of these.
    Other,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the header is missing",
            Self::Empty => "an empty value",
            Self::Unknown => "the word `unknown`",
            Self::Hidden => "a name that hides the address",
            Self::UnixSocket => "a unix socket",
            Self::WithoutFor => "an element without for=",
            Self::Other => "a text that is no address",
        })
    }
}

/// The parts of a header's value, the last first, since only the last ones are of proxies that are trusted. In
/// `Forwarded` (RFC 7239) a comma within quotes separates nothing; read from the end, what a client has invented before
/// cannot take in what a proxy wrote after it.
pub fn parts_from_the_end(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut at, mut quoted) = (text.len(), false);
        while at > 0 {
            at -= 1;
            match text[at] {
                b'"' => {
                    let escapes = text[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
                    quoted ^= escapes % 2 == 0;
                }
                b',' if !quoted => {
                    rest = Some(&text[..at]);
                    return Some(&text[at + 1..]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
}

/// The address in a part of a header that holds addresses (`X-Forwarded-For`, `X-Real-IP`), or in an element of
/// `Forwarded`.
///
/// # Errors
/// [`Unreadable`].
pub fn address_in(part: &[u8], is_forwarded: bool) -> Result<IpAddr, Unreadable> {
    let text = std::str::from_utf8(part).map_err(|_| Unreadable::Other)?.trim();
    if is_forwarded && !text.is_empty() {
        return address(&for_of(text).ok_or(Unreadable::WithoutFor)?);
    }
    address(text)
}

/// The value of `for` in an element of `Forwarded`, without its quotes.
fn for_of(element: &str) -> Option<Cow<'_, str>> {
    let mut rest = element;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, remaining) = value_of(after.trim_start())?;
        if name.trim().eq_ignore_ascii_case("for") {
            return Some(value);
        }
        rest = remaining.trim_start().strip_prefix(';')?;
    }
}

/// A token or a quoted text at the beginning, and what follows it.
fn value_of(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim().into(), &text[end..]));
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (place, character) in inner.char_indices() {
        match character {
            _ if escaped => {
                value.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value.into(), &inner[place + 1..])),
            _ => value.push(character),
        }
    }
    None
}

/// An address with or without a port, brackets, quotes and a zone, as proxies write it.
fn address(text: &str) -> Result<IpAddr, Unreadable> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    let zoneless = without_zone(text);
    let plain = zoneless.parse::<IpAddr>().ok();
    let with_port = || zoneless.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || zoneless.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    // A port may be hidden, too (`192.0.2.4:_gazonk`).
    let hidden_port = || {
        let (host, port) = zoneless.rsplit_once(':').filter(|(_, port)| port.starts_with('_') || port.is_empty())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        (!port.contains(':')).then(|| host.parse::<IpAddr>().ok())?
    };
    let found = plain.or_else(with_port).or_else(bracketed).or_else(hidden_port);
    found.map(|address| address.to_canonical()).ok_or_else(|| kind(text))
}

/// Without the name of the interface (`fe80::1%eth0`), which means nothing but on the machine that wrote it.
fn without_zone(text: &str) -> Cow<'_, str> {
    let Some((before, after)) = text.split_once('%').filter(|(before, _)| before.contains(':')) else {
        return text.into();
    };
    let end = after.find(']').unwrap_or(after.len());
    format!("{before}{}", &after[end..]).into()
}

fn kind(text: &str) -> Unreadable {
    match text {
        "" | "-" => Unreadable::Empty,
        _ if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("unknown")) => Unreadable::Unknown,
        _ if text.starts_with('_') => Unreadable::Hidden,
        _ if text.starts_with("unix:") || text.starts_with('/') || text.starts_with('@') => Unreadable::UnixSocket,
        _ => Unreadable::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(part: &str, is_forwarded: bool) -> Result<String, Unreadable> {
        address_in(part.as_bytes(), is_forwarded).map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_read_as_any_proxy_writes_it() {
        for (text, address) in [
            ("203.0.113.9", "203.0.113.9"),
            (" 203.0.113.9\t", "203.0.113.9"),
            ("\"203.0.113.9\"", "203.0.113.9"),
            ("'203.0.113.9'", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("203.0.113.9:", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]:443", "fe80::1"),
            ("fe80::1%25eth0", "fe80::1"),
        ] {
            assert_eq!(read(text, false).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn an_element_of_forwarded_is_read_as_rfc_7239_has_it() {
        for (text, address) in [
            ("for=203.0.113.9;proto=https", "203.0.113.9"),
            ("proto=https; For=\"203.0.113.9:47011\" ;by=10.0.0.1", "203.0.113.9"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8:cafe::17]\";host=\"a;b=\\\"c\"", "2001:db8:cafe::17"),
            ("host=\"x;for=6.6.6.6\";for=203.0.113.9", "203.0.113.9"),
            ("for=\"203.0.113.9:_port\"", "203.0.113.9"),
            ("for=2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(read(text, true).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_has_a_kind() {
        for (text, kind) in [
            ("", Unreadable::Empty),
            ("-", Unreadable::Empty),
            ("unknown", Unreadable::Unknown),
            ("UNKNOWN", Unreadable::Unknown),
            ("unix:", Unreadable::UnixSocket),
            ("unix:/run/x", Unreadable::UnixSocket),
            ("_gazonk", Unreadable::Hidden),
            ("pool.example", Unreadable::Other),
            ("203.0.113.999", Unreadable::Other),
        ] {
            assert_eq!(read(text, false), Err(kind), "{text}");
        }
        for (text, kind) in [
            ("for=unknown", Unreadable::Unknown),
            ("for=\"_mdn\"", Unreadable::Hidden),
            ("for=", Unreadable::Empty),
            ("", Unreadable::Empty),
            ("proto=https", Unreadable::WithoutFor),
            ("203.0.113.9", Unreadable::WithoutFor),
            ("for=\"203.0.113.9", Unreadable::WithoutFor),
        ] {
            assert_eq!(read(text, true), Err(kind), "{text}");
        }
    }

    #[test]
    fn a_comma_in_quotes_separates_nothing_and_an_open_quote_takes_in_nothing_that_follows() {
        let parts = |text: &'static str| {
            parts_from_the_end(text.as_bytes())
                .map(|part| std::str::from_utf8(part).unwrap().trim())
                .collect::<Vec<_>>()
        };
        assert_eq!(parts("for=a, for=b"), ["for=b", "for=a"]);
        assert_eq!(parts("for=a;host=\"x,y\\\",z\", for=b"), ["for=b", "for=a;host=\"x,y\\\",z\""]);
        assert_eq!(parts("for=\", for=203.0.113.9"), ["for=203.0.113.9", "for=\""]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("a,"), ["", "a"]);
    }

    proptest! {
        #[test]
        fn no_value_panics(value: Vec<u8>, text in "(for|host|;|=|\"|\\\\|,|\\[|\\]|%|:|1\\.2\\.3\\.4| )*") {
            for value in [&value[..], text.as_bytes()] {
                for part in parts_from_the_end(value) {
                    let _ = (address_in(part, true), address_in(part, false));
                }
            }
        }
    }
}
