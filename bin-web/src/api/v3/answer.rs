//! Answers as they go out.

use hyper::body::Bytes;
use serde::Deserialize;
use stakepool::vsp::Vsp;
use stakepool_core::vsp::{Refusal, SignedAnswer};
use warp::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW, CONTENT_TYPE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::command::Command;
use crate::api::cors::allow;

/// Where the server's signature of the body stands.
const SIGNATURE: &str = "vsp-server-signature";

/// The response with exactly the bytes that were signed.
pub fn signed(answer: &SignedAnswer) -> Response {
    let mut response = Response::new(Bytes::copy_from_slice(&answer.body).into());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Ok(signature) = HeaderValue::from_str(&answer.signature) {
        headers.insert(SIGNATURE, signature);
    }
    // Nothing that a browser sends by itself counts here, so that any page may call and check the signature.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("VSP-Server-Signature"));
    response
}

/// The code of an answer that is a refusal.
pub(super) fn code_of(answer: &SignedAnswer) -> Option<u8> {
    #[derive(Deserialize)]
    struct Refused {
        code: u8,
    }
    if answer.status == 200 {
        return None;
    }
    serde_json::from_slice::<Refused>(&answer.body).ok().map(|refused| refused.code)
}

/// The answer to a call by a method that the command does not have.
pub(super) fn wrong_method(vsp: &Vsp, command: Command) -> Response {
    let mut response = signed(&vsp.refusal_with(405, &Refusal::bad_request("method not allowed")));
    response.headers_mut().insert(ALLOW, allow(&command.method()));
    response
}

/// The answer to a request that was not read.
pub fn unread(vsp: &Vsp, status: StatusCode, message: &'static str) -> Response {
    signed(&vsp.refusal_with(status.as_u16(), &Refusal::bad_request(message)))
}
