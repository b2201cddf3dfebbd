//! The latest votes with where their time went, and what was missed and why.

use serde::Serialize;
use stakepool::tickets::low_fee::parse_hash;
use stakepool::tickets::{MissedTicket, MissedTickets, VoteTimes, millis};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::VoteQuery;
use stakepool_core::reports::VoteOutcomeKind;
use stakepool_core::typed::pasted;
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, slice};
use super::vote_groups::{self, Group};
use crate::visit::{Outcome, Visit};

/// Votes on one page.
const PER_PAGE: u64 = 50;
/// Missed tickets of either kind that are shown.
const MISSED: u64 = 50;

#[derive(Serialize)]
struct Votes<'a> {
    ticket: &'a str,
    user: &'a str,
    failed: bool,
    error: Option<&'static str>,
    groups: Vec<Group>,
    pager: Pager,
    figures: Option<Figures>,
    missed: Vec<Missed>,
    missed_total: u64,
    /// Missed tickets that the pool ignores, where they are wanted.
    ignored: Vec<Missed>,
    ignored_total: u64,
    /// Where they are shown, where they are not.
    ignored_link: Option<String>,
    /// Whether only those of one ticket or user are shown.
    one_ticket_or_user: bool,
}

/// How long votes took, from the notification to the outcome, in milliseconds.
#[derive(Serialize)]
struct Figures {
    count: usize,
    median: String,
    slow: String,
    slowest: String,
}

#[derive(Serialize)]
struct Missed {
    ticket: String,
    user: Option<i64>,
    height: Option<u32>,
    reason: String,
}

/// Shows votes and misses, of one ticket or user where the fields say so.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let (ticket, user) = (visit.form.text("ticket").trim(), visit.form.text("user").trim());
    let failed = visit.form.text("show") == "failed";
    let (query, error) = match query(ticket, user, failed) {
        Ok(query) => (query, None),
        Err(error) => (VoteQuery { outcome: outcome(failed), ..VoteQuery::default() }, Some(error)),
    };
    let parts = visit.site.pool.parts();
    let (admin, ledger) = (parts.admin.as_ref(), parts.ledger.as_ref());
    let (slice, found) = part(slice(&visit, "page", PER_PAGE), |slice| admin.find_votes(&query, slice)).await?;
    let times = VoteTimes::find(admin, &query).await?;
    let with_ignored = visit.form.text("ignored") == "1";
    let missed = MissedTickets::find(ledger, &query, false, MISSED).await?;
    let ignored = MissedTickets::find(ledger, &query, true, if with_ignored { MISSED } else { 0 }).await?;
    let mark = |ignored| if ignored { "1" } else { "" };
    let of = |ignored| {
        [("ticket", ticket), ("user", user), ("show", if failed { "failed" } else { "" }), ("ignored", mark(ignored))]
    };
    let content = Votes {
        ticket,
        user,
        failed,
        error,
        groups: vote_groups::of(ledger, &found.rows).await?,
        pager: Pager::new("/adminvotes", &of(with_ignored), "page", slice, found.total),
        figures: times.map(Figures::from),
        missed: missed.tickets.iter().map(Missed::from).collect(),
        missed_total: missed.total,
        ignored: ignored.tickets.iter().map(Missed::from).collect(),
        ignored_total: ignored.total,
        ignored_link: (ignored.total > 0 && !with_ignored).then(|| {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(of(true)).finish();
            format!("/adminvotes?{query}#ignored-title")
        }),
        one_ticket_or_user: query.ticket.is_some() || query.user.is_some(),
    };
    visit.page("adminvotes.html.tera", StatusCode::OK, &content)
}

fn query(ticket: &str, user: &str, failed: bool) -> Result<VoteQuery, &'static str> {
    let ticket: Option<TicketHash> = match ticket {
        "" => None,
        text => Some(parse_hash(text).map_err(|_| "Ticket: give the 64 hexadecimal digits of a ticket’s hash.")?),
    };
    let user = match user {
        "" => None,
        text => Some(UserId(pasted(text).parse().map_err(|_| "User: give a user’s number.")?)),
    };
    Ok(VoteQuery { ticket, user, outcome: outcome(failed), ..VoteQuery::default() })
}

/// The outcome that is asked for.
fn outcome(failed: bool) -> Option<VoteOutcomeKind> {
    failed.then_some(VoteOutcomeKind::Failed)
}

impl From<VoteTimes> for Figures {
    fn from(times: VoteTimes) -> Self {
        let VoteTimes { count, median, slow, slowest } = times;
        Self { count, median: millis(median), slow: millis(slow), slowest: millis(slowest) }
    }
}

impl From<&MissedTicket> for Missed {
    fn from(MissedTicket { report, cause }: &MissedTicket) -> Self {
        Self {
            ticket: report.ticket.to_string(),
            user: report.user.map(|user| user.0),
            height: report.ended_at.map(|height| height.0),
            reason: cause.for_operator(),
        }
    }
}
