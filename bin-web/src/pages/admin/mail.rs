//! Mail that was not sent: whether the mail server takes any, and whom it did not reach.

use std::cmp::Reverse;

use serde::Serialize;
use stakepool_core::ports::{Listed, MailFailure};
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, slice};
use crate::view::when::ago;
use crate::visit::{Outcome, Visit};

/// Users on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Content {
    /// Whether the pool sends mail at all.
    sends: bool,
    away: Option<Away>,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Away {
    since: String,
    last_try: String,
    reason: String,
}

#[derive(Serialize)]
struct Row {
    user: i64,
    at: String,
    reason: String,
}

/// Shows what mail was not sent, the latest first.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let (pool, now) = (&visit.site.pool, visit.site.now());
    let troubles = pool.mail_troubles().await?;
    let mut failures: Vec<_> = troubles.failed.into_values().collect();
    failures.sort_by_key(|failure| Reverse((failure.at, failure.user)));
    let (slice, listed) = part(slice(&visit, "page", PER_PAGE), async |slice| {
        let rows = failures.iter().skip(rows(slice.offset)).take(rows(slice.limit)).cloned().collect();
        Ok(Listed { total: failures.len() as u64, rows })
    })
    .await?;
    let row = |failure: MailFailure| Row {
        user: failure.user.0,
        at: format!("{}, {} ago", failure.at.readable(), ago(now, failure.at)),
        reason: failure.reason,
    };
    let content = Content {
        sends: pool.sends_mail(),
        away: troubles.away.map(|outage| Away {
            since: format!("{}, {} ago", outage.since.readable(), ago(now, outage.since)),
            last_try: format!("{} ago", ago(now, outage.last_try)),
            reason: outage.reason,
        }),
        rows: listed.rows.into_iter().map(row).collect(),
        pager: Pager::new("/adminmail", &[], "page", slice, listed.total),
    };
    visit.page("adminmail.html.tera", StatusCode::OK, &content)
}

fn rows(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
