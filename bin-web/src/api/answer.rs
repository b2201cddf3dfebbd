//! Answers, to the byte as the predecessor makes them.

use hyper::body::Bytes;
use serde::Serialize;
use stakepool::accounts::MustWait;
use warp::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::command::Command;
use super::cors::allow;

/// The codes of gRPC that the answers carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// Something in the request is wrong.
    InvalidArgument = 3,
    /// It was done before.
    AlreadyExists = 6,
    /// The user's wallets changed too much in a short time.
    ResourceExhausted = 8,
    /// Something else must be done first.
    FailedPrecondition = 9,
    /// A fault of the pool.
    Internal = 13,
    /// The pool cannot do it now.
    Unavailable = 14,
    /// The key opens no account.
    Unauthenticated = 16,
}

/// An answer without data, in the order of the predecessor's fields.
#[derive(Serialize)]
struct Plain<'a> {
    status: &'static str,
    code: u8,
    message: &'a str,
}

/// An answer with data, which is `null` in errors.
#[derive(Serialize)]
struct WithData<'a, T> {
    status: &'static str,
    code: u8,
    message: &'a str,
    data: Option<T>,
}

/// What is answered to a wallet that changes too much.
pub fn too_many(wait: MustWait) -> String {
    format!("too many changes, try again in {}", wait.in_words())
}

const fn status(code: Code) -> &'static str {
    match code {
        Code::Ok => "success",
        _ => "error",
    }
}

/// The body of an answer without data.
pub fn plain(code: Code, message: &str) -> Bytes {
    line(&Plain { status: status(code), code: code as u8, message })
}

/// The body of an answer with data, or with `null`.
pub fn with_data<T: Serialize>(code: Code, message: &str, data: Option<T>) -> Bytes {
    line(&WithData { status: status(code), code: code as u8, message, data })
}

/// One line of JSON.
fn line(answer: &impl Serialize) -> Bytes {
    // Serializing these types cannot fail: no maps, no foreign code.
    let mut text = serde_json::to_vec(answer).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

/// An answer of the API.
pub fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    // Keys travel in a header that no browser sends by itself, so that any page may call.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The answer to a call by a method that the command does not have.
pub fn wrong_method(command: Command) -> Response {
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, plain(Code::InvalidArgument, "invalid API method"));
    response.headers_mut().insert(ALLOW, allow(&command.method()));
    response
}
