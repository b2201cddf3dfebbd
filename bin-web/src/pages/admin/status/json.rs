//! How the pool is as JSON, for an administrator or a monitor with the token.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use stakepool::accounts::ClientAddress;
use stakepool_core::alert::AlertKind;
use stakepool_core::log_throttle::LogThrottle;
use tokio::time::Instant;
use warp::http::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::code::code;
use crate::http::form::Form;
use crate::http::headers::bearer;
use crate::page_error::PageError;
use crate::pages::admin::guard::guard;
use crate::site::Site;
use crate::visit::Visit;

/// The status, for an administrator or a monitor with the token.
pub async fn json(site: Arc<Site>, client: ClientAddress, path: String, headers: HeaderMap) -> Response {
    match admit(&site, client, path, &headers).await {
        Ok(()) => {
            let status = site.status().await;
            json_response(code(&status), status.as_ref())
        }
        // No way to the sign-in page: a monitor that follows it would take that page for a good answer.
        Err(PageError::SignInFirst) => {
            let error = "send `Authorization: Bearer TOKEN` with the token that `statustoken` sets, or sign in";
            let mut response = json_response(StatusCode::UNAUTHORIZED, &json!({ "error": error }));
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Err(PageError::SecondFactorFirst) => {
            let error = "administrators of this pool need a second factor: set it up at /twofactor";
            json_response(StatusCode::FORBIDDEN, &json!({ "error": error }))
        }
        Err(error) => {
            let (status, explanation) = error.explained(false, site.pool.operator_is_told(AlertKind::Database));
            json_response(status, &json!({ "error": explanation.happened, "remedy": explanation.remedy }))
        }
    }
}

async fn admit(site: &Arc<Site>, client: ClientAddress, path: String, headers: &HeaderMap) -> Result<(), PageError> {
    match bearer(headers) {
        Some(token) => {
            let tried = site.pool.stranger_tries("monitors", client).map_err(|_| PageError::too_many_tries())?;
            if site.options.admission.is_status_token(&token) {
                tried.succeeded();
                return Ok(());
            }
            static LINES: LogThrottle = LogThrottle::new();
            if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
                tracing::warn!(%client, unsaid, "a monitor sent a wrong token");
            }
            Err(PageError::SignInFirst)
        }
        None => {
            let visit = Visit::begin(site.clone(), client, path, headers, Form::default(), false).await?;
            guard(&visit).await.map(drop)
        }
    }
}

fn json_response(status: StatusCode, content: &impl Serialize) -> Response {
    let (status, body) = match serde_json::to_vec(content) {
        Ok(body) => (status, body),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
