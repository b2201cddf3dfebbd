//! The requests that come by the thousand, answered before anything else looks at them.
//!
//! A page that is the same for every visitor who has not signed in is made a few times a second and then sent as it
//! is; only the token of its forms is the visitor's own and is put into its places. The two calls with which wallets
//! watch the pool are answered from bodies that are ready. Everything else goes the usual way, and so does every visitor
//! of whom more is known.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Bytes;
use stakepool::accounts::ClientAddress;
use stakepool_core::single_flight::SingleFlight;
use warp::http::header::{CONTENT_ENCODING, COOKIE, SET_COOKIE, VARY};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use warp::reply::Response;

use crate::api;
use crate::browser::cookies::{CookieJar, KNOWN_BROWSER};
use crate::browser::csrf;
use crate::http::headers::secure;
use crate::http::pieces;
use crate::metrics::ReadyRoute;
use crate::pages;
use crate::site::Site;
use crate::view::encoding::{PackedPieces, accepts, pack};
use crate::visit::{Outcome, Visit};

/// How old a page may be; the figures on it are at most a second old when it is made.
const PAGE_AGE: Duration = Duration::from_millis(250);

/// What wallets of today ask before they buy.
const VSP_INFO: &str = "/api/v3/vspinfo";

/// A page that is the same for all who have not signed in: it may depend neither on the client nor on the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Home,
    SignIn,
    Stats,
}

impl Page {
    fn at(path: &str) -> Option<(Self, ReadyRoute)> {
        match path {
            "/" => Some((Self::Home, ReadyRoute::Home)),
            "/signin" => Some((Self::SignIn, ReadyRoute::SignIn)),
            "/stats" => Some((Self::Stats, ReadyRoute::Stats)),
            _ => None,
        }
    }

    async fn show(self, visit: Visit) -> Outcome {
        match self {
            Self::Home => pages::home::show(visit).await,
            Self::SignIn => pages::signin::show(visit).await,
            Self::Stats => pages::stats::show(visit).await,
        }
    }
}

/// A page cut where the visitor's token belongs.
#[derive(Debug)]
struct ReadyPage {
    headers: HeaderMap,
    pieces: Vec<Bytes>,
    /// The same, packed.
    packed: Packed,
}

/// A page as it goes to browsers that take it packed.
#[derive(Debug)]
enum Packed {
    /// Whole, by the name of the encoding, the smallest first.
    Whole(Vec<(&'static str, Bytes)>),
    /// As gzip, with a place for the visitor's token.
    Pieces(PackedPieces),
    /// Not at all.
    None,
}

/// The pages that are ready, and the headers of the API's answers.
#[derive(Debug)]
pub struct ReadyPages {
    pages: [SingleFlight<Option<Arc<ReadyPage>>>; 3],
    api_headers: HeaderMap,
}

impl ReadyPages {
    /// Nothing is ready yet; `is_https` where the pool is reached by HTTPS.
    pub fn new(is_https: bool) -> Self {
        let mut answer = api::answer::json(StatusCode::OK, Bytes::new());
        secure(&mut answer, is_https);
        let api_headers = std::mem::take(answer.headers_mut());
        Self { pages: std::array::from_fn(|_| SingleFlight::new(PAGE_AGE)), api_headers }
    }
}

impl ReadyPages {
    /// The answer, where the request is one of many and asks for nothing of its own.
    pub async fn answer(
        &self,
        site: &Arc<Site>,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        client: ClientAddress,
    ) -> Option<Response> {
        if method != Method::GET {
            return None;
        }
        let path = uri.path();
        if let Some(command) = path.strip_prefix("/api/v2/").or_else(|| path.strip_prefix("/api/v1/")) {
            let (route, body) = match command {
                "stats" => (ReadyRoute::ApiStats, api::stats::answer(site, client).await),
                "getpurchaseinfo" => {
                    (ReadyRoute::PurchaseInfo, api::getpurchaseinfo::answer(site, headers, client).await)
                }
                _ => return None,
            };
            let mut response = Response::new(body.into());
            *response.headers_mut() = self.api_headers.clone();
            site.metrics.ready_answer(route);
            return Some(response);
        }
        if path == VSP_INFO {
            let vsp = site.pool.parts().vsp.as_ref()?;
            let mut response = api::v3::info(site, vsp);
            secure(&mut response, site.pool.site().is_https());
            return Some(response);
        }
        let (page, route) = Page::at(path)?;
        if uri.query().is_some() || knows_more(site.cookies, headers) {
            return None;
        }
        let ready = self.pages[page as usize].get(make(site, page, path)).await?;
        site.metrics.ready_answer(route);
        Some(fill(site, &ready, headers))
    }
}

/// Whether a cookie says more of the visitor than the token of our forms, and that the browser was here before.
fn knows_more(cookies: CookieJar, headers: &HeaderMap) -> bool {
    let is_ours = |name: &str| [csrf::COOKIE, KNOWN_BROWSER].into_iter().any(|ours| cookies.is(name, ours));
    let says_nothing = |pair: &str| pair.trim().split_once('=').is_some_and(|(name, _)| is_ours(name));
    headers.get_all(COOKIE).iter().any(|value| !value.to_str().is_ok_and(|value| value.split(';').all(says_nothing)))
}

/// Makes a page as for a visitor with a token that nobody has, cut at that token.
async fn make(site: &Arc<Site>, page: Page, path: &str) -> Option<Arc<ReadyPage>> {
    let token = site.csrf.issue(None, site.random());
    let visit = Visit::anonymous(site.clone(), path.to_owned(), token.clone());
    let mut response = page.show(visit).await.ok()?;
    // An error must be answered as an error each time; a page that sets a cookie is somebody's own.
    if response.status() != StatusCode::OK || response.headers().contains_key(SET_COOKIE) {
        return None;
    }
    secure(&mut response, site.pool.site().is_https());
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    let body = body.collect().await.ok()?.to_bytes();
    let pieces = pieces::cut(&body, &token)?;
    let packed = match &pieces[..] {
        [whole] => Packed::Whole(pack(whole)),
        pieces => PackedPieces::new(pieces.iter().map(|piece| &piece[..])).map_or(Packed::None, Packed::Pieces),
    };
    Some(Arc::new(ReadyPage { headers: parts.headers, pieces, packed }))
}

/// Puts the visitor's token in.
fn fill(site: &Site, ready: &ReadyPage, headers: &HeaderMap) -> Response {
    if let [whole] = &ready.pieces[..] {
        let packed = match &ready.packed {
            Packed::Whole(packed) => packed.iter().find(|(encoding, _)| accepts(headers, encoding)),
            Packed::Pieces(_) | Packed::None => None,
        };
        let (encoding, body) = packed.map_or((None, whole), |(encoding, body)| (Some(*encoding), body));
        return answer_with(ready, encoding, body.clone());
    }
    let known = site.cookies.read(headers, csrf::COOKIE).filter(|cookie| site.csrf.is_valid(cookie, None));
    let token = known.map_or_else(|| site.csrf.issue(None, site.random()), str::to_owned);
    let packed = match &ready.packed {
        Packed::Pieces(pieces) if accepts(headers, "gzip") => pieces.join(token.as_bytes()),
        _ => None,
    };
    let mut response = match packed {
        Some(packed) => answer_with(ready, Some("gzip"), packed.into()),
        None => answer_with(ready, None, pieces::joined(&ready.pieces, &token).into()),
    };
    if known.is_none()
        && let Some(cookie) = site.cookies.set(csrf::COOKIE, &token, None)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn answer_with(ready: &ReadyPage, encoding: Option<&'static str>, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.headers_mut() = ready.headers.clone();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_of_our_forms_leaves_a_visitor_unknown() {
        for (cookie, known) in [
            ("csrf=1", false),
            ("csrf=1; known=3", false),
            ("csrf=1; session=2", true),
            ("notice=1", true),
            ("", true),
            ("csrf", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_static(cookie));
            assert_eq!(knows_more(CookieJar { secure: false }, &headers), known, "{cookie}");
        }
        assert!(!knows_more(CookieJar { secure: false }, &HeaderMap::new()));
    }
}
