//! The user API that wallets call, to the byte as the predecessor answers it.
//!
//! `/api/v1/COMMAND` and `/api/v2/COMMAND` are the same. Errors are HTTP 200: wallets take any other status for a pool
//! that is away.

pub mod address;
pub mod answer;
pub mod auth;
pub mod body;
pub mod call;
pub mod command;
pub mod cors;
pub mod getpurchaseinfo;
pub mod number;
pub mod stats;
pub mod v3;
pub mod voting;

use std::sync::Arc;

use stakepool_process::isolated;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode};
use warp::path::Tail;
use warp::reply::Response;

use self::answer::{Code, json, plain, wrong_method};
use self::call::Call;
use self::command::Command;
use self::cors::preflight;
use crate::http::filters::{client, query};
use crate::site::Site;

/// The headers with which other sites may call.
const HEADERS: &str = "Authorization, Content-Type";

/// Everything under `/api`.
pub fn routes(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    let site = site.clone();
    warp::path("api")
        .and(warp::path::tail())
        .and(warp::method())
        .and(client())
        .and(warp::header::headers_cloned())
        .and(query())
        .and(warp::body::bytes())
        .then(move |tail: Tail, method, client, headers, query, body| {
            let call = Call { site: site.clone(), client, headers, query, body };
            async move {
                if method != Method::POST {
                    return dispatch(tail.as_str(), &method, call).await;
                }
                // A client that hangs up leaves nothing half done.
                let answering = tokio::spawn(isolated(async move { dispatch(tail.as_str(), &method, call).await }));
                answering.await.unwrap_or_else(|error| {
                    tracing::error!(%error, "an API call broke down");
                    json(StatusCode::OK, plain(Code::Internal, "the pool made a mistake"))
                })
            }
        })
        .boxed()
}

async fn dispatch(tail: &str, method: &Method, call: Call) -> Response {
    if let (Some(name), Some(vsp)) = (tail.strip_prefix(v3::command::PREFIX), call.site.pool.vsp().cloned()) {
        let Call { site, client, headers, body, .. } = &call;
        let call = v3::call::Call { site: site.clone(), client: *client, headers: headers.clone(), body: body.clone() };
        if let Some(answer) = v3::dispatch(name, method, &vsp, call).await {
            return answer;
        }
    }
    let body = match (Command::of(tail), method) {
        (Some(Command::PurchaseInfo), &Method::GET) => {
            getpurchaseinfo::answer(&call.site, &call.headers, call.client).await
        }
        (Some(Command::Stats), &Method::GET) => stats::answer(&call.site, call.client).await,
        (Some(Command::Address), &Method::POST) => address::answer(&call).await,
        (Some(Command::Voting), &Method::POST) => voting::answer(&call).await,
        (Some(_), &Method::OPTIONS) => return preflight(HEADERS),
        (Some(known), method) if method != Method::GET && method != Method::POST => return wrong_method(known),
        _ => return json(StatusCode::NOT_FOUND, plain(Code::InvalidArgument, "invalid API command or version")),
    };
    json(StatusCode::OK, body)
}
