//! The user API that wallets call, to the byte as the predecessor answers it.
//!
//! `/api/v1/COMMAND` and `/api/v2/COMMAND` are the same. Errors are HTTP 200: wallets take any other status for a pool
//! that is away.

pub mod address;
pub mod auth;
pub mod body;
pub mod getpurchaseinfo;
pub mod number;
pub mod stats;
pub mod voting;

use std::sync::Arc;

use hyper::body::Bytes;
use serde::Serialize;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ALLOW, CONTENT_TYPE,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::path::Tail;
use warp::reply::Response;

use crate::site::Site;
use stakepool::accounts::ClientAddress;
use crate::http::form::Form;
use stakepool::accounts::MustWait;
use crate::http::filters::{client, query};

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

/// The versions of the API, which are the same.
pub const VERSIONS: [&str; 2] = ["v1", "v2"];

/// What wallets ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// What is needed for buying tickets.
    PurchaseInfo,
    /// The figures of the pool.
    Stats,
    /// Submits a public key address.
    Address,
    /// Sets what is voted.
    Voting,
}

impl Command {
    /// All of them; one that is not here is not answered.
    pub const ALL: [Self; 4] = [Self::PurchaseInfo, Self::Stats, Self::Address, Self::Voting];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PurchaseInfo => "getpurchaseinfo",
            Self::Stats => "stats",
            Self::Address => "address",
            Self::Voting => "voting",
        }
    }

    /// How it is asked for.
    pub const fn method(self) -> Method {
        match self {
            Self::PurchaseInfo | Self::Stats => Method::GET,
            Self::Address | Self::Voting => Method::POST,
        }
    }

    /// The command of a path behind `/api/`.
    fn of(tail: &str) -> Option<Self> {
        let (version, name) = tail.split_once('/')?;
        VERSIONS.contains(&version).then(|| Self::ALL.into_iter().find(|command| command.name() == name))?
    }
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

/// What a wallet is told that changes too much.
fn too_many(wait: MustWait) -> String {
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

/// A request to the API.
#[derive(Debug)]
pub struct Call {
    /// The application.
    pub app: Arc<App>,
    /// From where.
    pub client: ClientAddress,
    /// Its headers.
    pub headers: HeaderMap,
    query: String,
    body: Bytes,
}

impl Call {
    /// The fields of the body and the query.
    pub fn form(&self) -> Form {
        body::fields(&self.headers, &self.query, &self.body)
    }
}

/// Everything under `/api`.
pub fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let app = app.clone();
    warp::path("api")
        .and(warp::path::tail())
        .and(warp::method())
        .and(client())
        .and(warp::header::headers_cloned())
        .and(query())
        .and(warp::body::bytes())
        .then(move |tail: Tail, method, client, headers, query, body| {
            let call = Call { app: app.clone(), client, headers, query, body };
            async move {
                if method != Method::POST {
                    return answer(tail.as_str(), &method, call).await;
                }
                // A client that hangs up leaves nothing half done.
                let answering = tokio::spawn(async move { answer(tail.as_str(), &method, call).await });
                answering.await.unwrap_or_else(|error| {
                    tracing::error!(%error, "an API call broke down");
                    json(StatusCode::OK, plain(Code::Internal, "the pool made a mistake"))
                })
            }
        })
        .boxed()
}

async fn answer(tail: &str, method: &Method, call: Call) -> Response {
    let body = match (Command::of(tail), method) {
        (Some(Command::PurchaseInfo), &Method::GET) => {
            getpurchaseinfo::answer(&call.app, &call.headers, call.client).await
        }
        (Some(Command::Stats), &Method::GET) => stats::answer(&call.app, call.client).await,
        (Some(Command::Address), &Method::POST) => address::answer(&call).await,
        (Some(Command::Voting), &Method::POST) => voting::answer(&call).await,
        (Some(_), &Method::OPTIONS) => return preflight(),
        (Some(known), method) if method != Method::GET && method != Method::POST => return wrong_method(known),
        _ => return json(StatusCode::NOT_FOUND, plain(Code::InvalidArgument, "invalid API command or version")),
    };
    json(StatusCode::OK, body)
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

fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn wrong_method(command: Command) -> Response {
    let allow = if command.method() == Method::GET { "GET, OPTIONS" } else { "POST, OPTIONS" };
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, plain(Code::InvalidArgument, "invalid API method"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
