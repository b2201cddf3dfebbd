//! Cookies: reading them, and setting them so that no script and no other site gets at them.

use std::time::Duration;

use warp::http::header::COOKIE;
use warp::http::{HeaderMap, HeaderValue};

/// The first cookie with a name.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Makes `Set-Cookie` headers.
#[derive(Clone, Copy, Debug)]
pub struct CookieJar {
    /// Whether browsers send the cookies over TLS only.
    pub secure: bool,
}

impl CookieJar {
    /// A cookie that lasts for a time, or until the browser is closed. Name and value are ours: letters, digits, `_`.
    pub fn set(self, name: &str, value: &str, lasts: Option<Duration>) -> Option<HeaderValue> {
        let age = lasts.map(|lasts| format!("; Max-Age={}", lasts.as_secs())).unwrap_or_default();
        let secure = if self.secure { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}")).ok()
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
        assert_eq!(read(&headers, "session"), Some("abc"));
        assert_eq!(read(&headers, "c"), Some("x=y"));
        assert_eq!(read(&headers, "b"), None);
    }

    #[test]
    fn no_cookie_is_open_to_scripts_or_other_sites() {
        let cookie = CookieJar { secure: true }.set("session", "abc", Some(Duration::from_secs(60))).unwrap();
        assert_eq!(cookie, "session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let cookie = CookieJar { secure: false }.clear("session").unwrap();
        assert_eq!(cookie, "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
