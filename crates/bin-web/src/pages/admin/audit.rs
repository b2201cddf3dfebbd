//! What administrators did.

use serde::Serialize;
use warp::http::StatusCode;

use super::{Pager, guard, slice};
use crate::visit::{Outcome, Visit};

/// Entries on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Audit {
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Row {
    at: String,
    actor: String,
    action: String,
    subject: String,
    /// Whether the subject is a hash, which is shown shortened.
    is_hash: bool,
    /// The page about the subject, where it is a user.
    user: Option<i64>,
    detail: String,
}

/// Shows the log, latest entries first.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let slice = slice(&visit, "page", PER_PAGE);
    let found = visit.app.services.admin.audit_log(slice).await?;
    let rows = found.rows.into_iter().map(|entry| Row {
        at: entry.at.readable(),
        user: if entry.action.starts_with("ticket.") { None } else { entry.subject.parse().ok() },
        is_hash: entry.subject.len() == 64,
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: entry.detail,
    });
    let content = Audit { rows: rows.collect(), pager: Pager::new("/adminaudit", &[], "page", slice, found.total) };
    visit.page("adminaudit.html.tera", StatusCode::OK, &content)
}
