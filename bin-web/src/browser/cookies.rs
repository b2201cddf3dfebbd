//! Cookies: reading them, and setting them so that no script and no other site gets at them.

use std::time::Duration;

use warp::http::header::COOKIE;
use warp::http::{HeaderMap, HeaderValue};

/// Stands before the names of cookies that no sister domain and nobody on a line without TLS can set (RFC 6265bis,
/// section 4.1.3.2).
const HOST_PREFIX: &str = "__Host-";

/// The session of a signed-in browser.
pub const SESSION: &str = "session";
/// The note of a browser that has shown the right password and lacks the second factor.
pub const FIRST_STEP: &str = "firststep";
/// The note of a browser that has signed in before.
pub const KNOWN_BROWSER: &str = "known";
/// How long a browser keeps that note.
pub const KNOWN_BROWSER_LASTS: Duration = Duration::from_secs(365 * 24 * 3600);

/// Makes `Set-Cookie` headers, and reads what browsers bring.
#[derive(Clone, Copy, Debug)]
pub struct CookieJar {
    /// Whether browsers send the cookies over TLS only.
    pub secure: bool,
}

impl CookieJar {
    /// The first cookie with one of our names.
    pub fn read<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(found, value)| self.is(found, name).then_some(value))
    }

    /// Whether a cookie that a browser brings is the one with our name.
    pub fn is(self, found: &str, name: &str) -> bool {
        if self.secure { found.strip_prefix(HOST_PREFIX) == Some(name) } else { found == name }
    }

    /// A cookie that lasts for a time, or until the browser is closed. Name and value are ours: letters, digits, `_`.
    pub fn set(self, name: &str, value: &str, lasts: Option<Duration>) -> Option<HeaderValue> {
        let age = lasts.map(|lasts| format!("; Max-Age={}", lasts.as_secs())).unwrap_or_default();
        let (prefix, secure) = if self.secure { (HOST_PREFIX, "; Secure") } else { ("", "") };
        HeaderValue::from_str(&format!("{prefix}{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}")).ok()
    }

    /// Takes a cookie away.
    pub fn clear(self, name: &str) -> Option<HeaderValue> {
        self.set(name, "", Some(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; session=abc;b"));
        headers.append(COOKIE, HeaderValue::from_static("c=x=y"));
        let jar = CookieJar { secure: false };
        assert_eq!(jar.read(&headers, "session"), Some("abc"));
        assert_eq!(jar.read(&headers, "c"), Some("x=y"));
        assert_eq!(jar.read(&headers, "b"), None);
    }

    #[test]
    fn over_tls_only_cookies_count_that_no_sister_domain_can_set() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("session=planted; __Host-session=ours"));
        assert_eq!(CookieJar { secure: true }.read(&headers, "session"), Some("ours"));
        assert_eq!(CookieJar { secure: false }.read(&headers, "session"), Some("planted"));
    }

    #[test]
    fn no_cookie_is_open_to_scripts_or_other_sites() {
        let cookie = CookieJar { secure: true }.set("session", "abc", Some(Duration::from_secs(60))).unwrap();
        assert_eq!(cookie, "__Host-session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let cookie = CookieJar { secure: false }.clear("session").unwrap();
        assert_eq!(cookie, "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
