//! The users, searched and filtered.

use serde::Serialize;
use stakepool::accounts::is_closed;
use stakepool_core::accounts::{EmailState, User};
use stakepool_core::ports::{Listed, StoreError, UserFilter, UserOverview};
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, pieces, slice};
use super::search;
use crate::http::respond::see_ticket;
use crate::visit::{Outcome, Visit};

/// Users on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Users<'a> {
    query: &'a str,
    shown: &'static str,
    filters: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    /// Of a closed account, in the place of its address: when it was closed.
    closed: Option<String>,
    email: Vec<String>,
    states: Vec<&'static str>,
    address: Option<String>,
    last_sign_in: Option<String>,
    sessions: u64,
}

const FILTERS: [(&str, &str, UserFilter); 5] = [
    ("all", "All", UserFilter::All),
    ("unverified", "Unverified", UserFilter::Unverified),
    ("disabled", "Disabled", UserFilter::Disabled),
    ("noaddress", "Without address", UserFilter::WithoutAddress),
    ("admins", "Administrators", UserFilter::Administrators),
];

/// Shows the users that fit.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let texts = search::texts(visit.form.text("q"));
    if let Some(Ok(ticket)) = texts.first().map(|text| text.parse())
        && visit.site.pool.parts().ledger.ticket(&ticket).await?.is_some()
    {
        return Ok(see_ticket(&ticket));
    }
    let wanted = visit.form.text("show");
    let (shown, _, filter) = *FILTERS.iter().find(|(name, ..)| *name == wanted).unwrap_or(&FILTERS[0]);
    let (admin, now) = (&visit.site.pool.parts().admin, visit.site.now());
    let wanted = slice(&visit, "page", PER_PAGE);
    let (mut query, mut slice, mut found) = ("", wanted, Listed { total: 0, rows: Vec::new() });
    for text in &texts {
        query = text;
        (slice, found) = part(wanted, |slice| admin.find_users(query, filter, slice, now)).await?;
        if found.total > 0 {
            break;
        }
    }
    let failing = visit.site.pool.mail_troubles().await?.failed;
    let mut rows = Vec::with_capacity(found.rows.len());
    for it in &found.rows {
        rows.push(row(&visit, it, failing.contains_key(&it.user.id)).await?);
    }
    let content = Users {
        query,
        shown,
        filters: FILTERS.iter().map(|(name, title, _)| (*name, *title)).collect(),
        rows,
        pager: Pager::new("/adminusers", &[("q", query), ("show", shown)], "page", slice, found.total),
    };
    visit.page("adminusers.html.tera", StatusCode::OK, &content)
}

/// What is said of a closed account in the place of its address; nothing of one that is not.
pub(super) async fn closed(visit: &Visit, user: &User) -> Result<Option<String>, StoreError> {
    if !is_closed(user) {
        return Ok(None);
    }
    let at = visit.site.pool.closed_at(user).await?;
    Ok(Some(at.map_or_else(|| "closed".to_owned(), |at| format!("closed {}", at.readable()))))
}

async fn row(visit: &Visit, overview: &UserOverview, no_mail: bool) -> Result<Row, StoreError> {
    let user = &overview.user;
    Ok(Row {
        id: user.id.0,
        closed: closed(visit, user).await?,
        email: pieces(&user.email),
        states: states(visit, overview, no_mail),
        address: user.registration.as_ref().map(|registration| registration.address.to_string()),
        last_sign_in: overview.last_sign_in.map(|at| at.readable()),
        sessions: overview.sessions,
    })
}

/// What is remarkable about a user, to whom no mail could be sent where `no_mail`.
pub(super) fn states(visit: &Visit, overview: &UserOverview, no_mail: bool) -> Vec<&'static str> {
    let user = &overview.user;
    let configured_admin = visit.site.pool.settings().administrators.get().contains(&user.id);
    let closed = is_closed(user);
    let states = [
        (closed, "closed"),
        (user.disabled && !closed, "disabled"),
        (user.email_state == EmailState::Unverified && !closed, "unverified"),
        (user.admin || configured_admin, "administrator"),
        (user.registration.is_none(), "no address"),
        (no_mail, "mail fails"),
    ];
    states.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
}
