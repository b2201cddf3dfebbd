//! The page to return to after a sign-in: a signed note in a cookie, so that it outlasts a second factor,
//! and so that nobody can send a user elsewhere after signing in.

use std::time::Duration;

use stakepool::Signer;
use stakepool_core::time::UnixTime;
use warp::http::header::LOCATION;
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::browser::cookies::CookieJar;

/// The cookie, which browsers may hold across an upgrade.
const COOKIE: &str = "goal";
const LASTS: Duration = Duration::from_secs(1800);
/// Longest page with its query, in bytes.
const LONGEST: usize = 500;

/// A page of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The page at a path with a query, where it is one of ours. In the place of a file the page that offers it, since a
    /// download would leave the browser on the page for signing in.
    pub fn of(path: &str, query: &str) -> Option<Self> {
        let page = match path.split_once('.') {
            Some((page, _)) => page.to_owned(),
            None if query.is_empty() => path.to_owned(),
            None => format!("{path}?{query}"),
        };
        // Two slashes, or one of the other kind, name another host.
        let is_local = page.starts_with('/') && !page.starts_with("//") && !page.contains('\\');
        let is_plain = page.len() <= LONGEST && page.bytes().all(|byte| byte.is_ascii_graphic());
        (is_local && is_plain).then_some(Self(page))
    }

    /// Sends the browser there.
    pub fn go(&self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        let to = HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("/"));
        response.headers_mut().insert(LOCATION, to);
        response
    }
}

/// Writes and reads the notes.
#[derive(Debug)]
pub struct ReturnTos {
    signer: Signer,
    cookies: CookieJar,
}

impl ReturnTos {
    /// For what the notes are signed.
    pub const PURPOSE: &str = "goal";

    /// Notes that are signed for [`ReturnTos::PURPOSE`].
    pub const fn new(signer: Signer, cookies: CookieJar) -> Self {
        Self { signer, cookies }
    }

    /// The cookie that remembers a page.
    pub fn cookie(&self, to: &ReturnTo, now: UnixTime) -> Option<HeaderValue> {
        let (expires, page) = (now.plus(LASTS).0.to_be_bytes(), to.0.as_bytes());
        let signature = self.signer.sign(&[&expires, page]);
        let note = [&expires[..], &signature, page].concat();
        self.cookies.set(COOKIE, &hex::encode(note), Some(LASTS))
    }

    /// The page that a request's cookie remembers.
    pub fn read(&self, headers: &HeaderMap, now: UnixTime) -> Option<ReturnTo> {
        let note = hex::decode(self.cookies.read(headers, COOKIE)?).ok()?;
        let (expires, rest) = note.split_first_chunk::<8>()?;
        let (signature, page) = rest.split_first_chunk::<32>()?;
        let is_good = self.signer.is_right(&[expires, page], signature) && now.0 < i64::from_be_bytes(*expires);
        let (path, query) = std::str::from_utf8(page).ok().filter(|_| is_good).map(cut)?;
        ReturnTo::of(path, query)
    }

    /// Takes the cookie away.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.cookies.clear(COOKIE)
    }
}

fn cut(page: &str) -> (&str, &str) {
    page.split_once('?').unwrap_or((page, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::secret::Secret;
    use warp::http::header::COOKIE as HEADER;

    fn signer(secret: &str) -> Signer {
        Signer::new(&Secret::new(secret), ReturnTos::PURPOSE)
    }

    fn read(cookie: &HeaderValue, seconds: i64, secret: &str) -> Option<ReturnTo> {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(HEADER, pair.parse().unwrap());
        ReturnTos::new(signer(secret), CookieJar { secure: false }).read(&headers, UnixTime(seconds))
    }

    #[test]
    fn a_note_leads_back_while_it_lasts_and_counts_only_if_it_is_ours() {
        let notes = ReturnTos::new(signer("secret"), CookieJar { secure: false });
        let to = ReturnTo::of("/tickets", "show=missed").unwrap();
        let cookie = notes.cookie(&to, UnixTime(0)).unwrap();
        assert_eq!(read(&cookie, 1799, "secret"), Some(to.clone()));
        assert_eq!(to.go().headers()[LOCATION], "/tickets?show=missed");
        assert_eq!(read(&cookie, 1800, "secret"), None);
        assert_eq!(read(&cookie, 0, "other"), None);
        let forged = cookie.to_str().unwrap().replacen("2f74", "2f2f", 1);
        assert_eq!(read(&forged.parse().unwrap(), 0, "secret"), None);
    }

    #[test]
    fn only_pages_of_ours_are_returned_to_and_files_give_way_to_their_page() {
        for foreign in ["//evil.example", "http://evil.example", "/\\evil.example", "", "/a b", "/a\r\nb", "/ä"] {
            assert_eq!(ReturnTo::of(foreign, ""), None, "{foreign}");
        }
        assert_eq!(ReturnTo::of("/tickets", &"x".repeat(600)), None);
        assert_eq!(ReturnTo::of("/tickets.csv", "a=b"), ReturnTo::of("/tickets", ""));
    }
}
