//! Answers without a page.

use http_body_util::BodyExt;
use warp::http::header::{CONTENT_ENCODING, LOCATION, SET_COOKIE, VARY};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use crate::view::encoding::gzip_fast;

/// Marks an answer that holds no secret, so that it may be packed (see [`crate::view::encoding`]).
#[derive(Clone, Copy, Debug)]
pub struct Packable;

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
