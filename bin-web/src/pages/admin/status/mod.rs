//! How the pool is, for administrators and monitors. HTTP 500 where it cannot serve, so that any monitor sees it.

mod code;
pub mod json;
mod view;

use hyper::body::Bytes;
use serde::Serialize;

use self::code::code;
use self::view::View;
use super::guard::guard;
use crate::visit::{Outcome, Visit};

/// The page around what all administrators see alike.
#[derive(Serialize)]
struct Shown<'a> {
    body: &'a str,
    /// Whether the page is to stay as it is.
    still: bool,
}

/// Shows how every wallet and daemon is, problems first.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let site = &visit.site;
    let status = site.status().await;
    let make = |status: &_| site.renderer.render("statusbody.html.tera", &tera::Context::new(), &View::of(status));
    let body = site.status_body.try_get(&status, |status| make(status).map(Bytes::from))?;
    let body = String::from_utf8_lossy(&body);
    let still = visit.form.get("still").is_some();
    visit.page("status.html.tera", code(&status), &Shown { body: &body, still })
}
