//! Answers without a page.

use http_body_util::BodyExt;
use stakepool_core::chain::TicketHash;
use warp::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, SET_COOKIE, VARY};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use crate::view::encoding::gzip_fast;

/// Marks an answer that holds no secret, so that it may be packed (see [`crate::view::encoding`]).
#[derive(Clone, Copy, Debug)]
pub struct Packable;

/// A file to save. No secret may be in it, and nothing of the request.
pub fn file(text: String, kind: &'static str, name: &str) -> Response {
    let mut response = secret_file(text.into_bytes(), kind, name);
    response.extensions_mut().insert(Packable);
    response
}

/// A file to save that nothing packs on its way: it may hold a secret.
pub fn secret_file(body: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// A table to save as CSV.
pub fn csv_file(text: String, name: &str) -> Response {
    file(text, "text/csv; charset=utf-8", name)
}

/// Packs an answer that may be, where the browser takes that.
pub async fn packed(mut response: Response, takes_gzip: bool) -> Response {
    if response.extensions_mut().remove::<Packable>().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    // Our own bodies are whole already.
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return Response::from_parts(parts, "".into());
    };
    let packed = if takes_gzip { gzip_fast(&body) } else { None };
    match packed.filter(|packed| packed.len() < body.len()) {
        Some(packed) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(parts, packed.into())
        }
        None => Response::from_parts(parts, body.into()),
    }
}

/// Sends the browser for good to where the same page is, and with the same method.
pub fn moved_to(to: &str) -> Option<Response> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(to).ok()?);
    Some(response)
}

/// Sends the browser to the page of a ticket.
pub fn see_ticket(ticket: &TicketHash) -> Response {
    let mut response = see_other("/ticket");
    // A hash has hexadecimal digits alone.
    if let Ok(page) = HeaderValue::from_str(&format!("/ticket?hash={ticket}")) {
        response.headers_mut().insert(LOCATION, page);
    }
    response
}

/// Sends the browser to another page of ours.
pub fn see_other(to: &'static str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response
}

/// Adds a cookie to an answer.
pub fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
