//! What a request is about, and whether it is one: its target, its `Host`, and the size of its head.

use stakepool_process::monitor::has_one_host;
use warp::http::request::Parts;
use warp::http::uri::Scheme;
use warp::http::{Method, Uri};

/// The largest head: target and headers, in bytes.
const HEAD_BYTES: usize = 32 << 10;
/// The largest target, in bytes.
const TARGET_BYTES: usize = 8 << 10;

/// Why a request is refused before anything is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no `Host`, more than one, or one that names no host (RFC 9112, 3.2).
    Host,
    /// Its target is too long.
    TargetTooLong,
    /// Its head is too large.
    HeadTooLarge,
    /// Its method is none that this server knows.
    UnknownMethod,
}

/// Checks a request's head.
pub fn check(parts: &Parts) -> Result<(), Refusal> {
    let is_http = parts.uri.scheme().is_none_or(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
    let has_user = parts.uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !has_one_host(parts.version, &parts.headers) || !is_http || has_user {
        return Err(Refusal::Host);
    }
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > TARGET_BYTES {
        return Err(Refusal::TargetTooLong);
    }
    // Each line has a colon, a space and its end.
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if target + headers > HEAD_BYTES {
        return Err(Refusal::HeadTooLarge);
    }
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    if known.contains(&parts.method) { Ok(()) } else { Err(Refusal::UnknownMethod) }
}

/// The target as routes know it: without scheme and host, with one slash at its beginning (some wallets ask for `//api/…`),
/// and with letters as themselves where they were written as `%73`.
pub fn normal(uri: Uri) -> Uri {
    let path = uri.path();
    if uri.scheme().is_none() && !path.starts_with("//") && !path.contains('%') {
        return uri;
    }
    let mut target = format!("/{}", path.trim_start_matches('/'));
    if target.contains('%') {
        target = unescaped(&target);
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    target.parse().unwrap_or(uri)
}

/// A path without needless escapes: letters, digits and `-._~` mean the same either way (RFC 3986, 6.2.2.2).
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let code = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.map(char::from) {
            Some(letter) if letter.is_ascii_alphanumeric() || "-._~".contains(letter) => {
                plain.push(letter);
                rest = &after[2..];
            }
            _ => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_target_means_the_same_however_it_is_written() {
        for (given, taken) in [
            ("//api/v2/stats?x=1", "/api/v2/stats?x=1"),
            ("///", "/"),
            ("/a//b", "/a//b"),
            ("http://pool.example/signin?a=%61", "/signin?a=%61"),
            ("http://pool.example", "/"),
            ("/%73ign%69n", "/signin"),
            ("/%2fsignin", "/%2fsignin"),
            ("/%", "/%"),
            ("/a%zz%41", "/a%zzA"),
            ("/%00", "/%00"),
        ] {
            assert_eq!(normal(given.parse().unwrap()).to_string(), taken, "{given}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "/[%a-z0-9/.ä]{0,30}") {
            unescaped(&path);
        }
    }
}
