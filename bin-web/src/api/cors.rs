//! What browsers ask before a page of another site may call.

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
};
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

/// The answer to a browser that asks whether a page of another site may call, and with which headers.
pub fn preflight(headers_allowed: &'static str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers_allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// How a command may be called that is asked for by this method: what the header `Allow` says.
pub fn allow(method: &Method) -> HeaderValue {
    HeaderValue::from_static(if *method == Method::GET { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" })
}
