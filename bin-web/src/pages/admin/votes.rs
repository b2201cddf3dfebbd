//! The latest votes with where their time went, and what was missed and why.

use std::time::Duration;

use serde::Serialize;
use stakepool::tickets::low_fee::parse_hash;
use stakepool::tickets::{Cause, millis};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{Slice, StoreError, StoredVote, TicketOrder, TicketQuery, VoteOverview, VoteQuery};
use stakepool_core::reports::{TicketState, VoteOutcome, VoteOutcomeKind};
use stakepool_core::time::UnixTime;
use stakepool_core::typed::pasted;
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, slice};
use crate::visit::{Outcome, Visit};

/// Votes on one page.
const PER_PAGE: u64 = 50;
/// Votes of which the figures are made.
const MEASURED: u64 = 1000;
/// Missed tickets of either kind that are shown.
const MISSED: u64 = 50;

#[derive(Serialize)]
struct Votes<'a> {
    ticket: &'a str,
    user: &'a str,
    failed: bool,
    error: Option<&'static str>,
    rows: Vec<Row>,
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

#[derive(Serialize)]
struct Row {
    at: String,
    ticket: String,
    user: Option<i64>,
    state: Option<&'static str>,
    height: u32,
    daemon: String,
    outcome: &'static str,
    problem: Option<String>,
    attempts: u32,
    total: String,
    signing: String,
    sending: String,
}

/// How long votes took, from the notification to the outcome, in milliseconds.
#[derive(Debug, PartialEq, Eq, Serialize)]
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
    let admin = &visit.site.pool.parts().admin;
    let (slice, found) = part(slice(&visit, "page", PER_PAGE), |slice| admin.find_votes(&query, slice)).await?;
    let measured = admin.find_votes(&query, Slice { offset: 0, limit: MEASURED }).await?;
    let with_ignored = visit.form.text("ignored") == "1";
    let (missed, missed_total) = missed_tickets(&visit, &query, false, MISSED).await?;
    let (ignored, ignored_total) = missed_tickets(&visit, &query, true, if with_ignored { MISSED } else { 0 }).await?;
    let mark = |ignored| if ignored { "1" } else { "" };
    let of = |ignored| {
        [("ticket", ticket), ("user", user), ("show", if failed { "failed" } else { "" }), ("ignored", mark(ignored))]
    };
    let content = Votes {
        ticket,
        user,
        failed,
        error,
        rows: found.rows.iter().map(row).collect(),
        pager: Pager::new("/adminvotes", &of(with_ignored), "page", slice, found.total),
        figures: figures(measured.rows.iter().map(|row| &row.vote)),
        missed,
        missed_total,
        ignored,
        ignored_total,
        ignored_link: (ignored_total > 0 && !with_ignored).then(|| {
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

fn row(overview: &VoteOverview) -> Row {
    let StoredVote { daemon, record } = &overview.vote;
    let problem = if let VoteOutcome::Failed(error) = &record.outcome { Some(error.clone()) } else { None };
    Row {
        at: UnixTime(record.at.0.div_euclid(1000)).readable(),
        ticket: record.ticket.to_string(),
        user: overview.ticket.and_then(|(user, _)| user).map(|user| user.0),
        state: overview.ticket.map(|(_, state)| state.name()),
        height: record.height.0,
        daemon: daemon.clone(),
        outcome: match record.outcome {
            VoteOutcome::Sent => "sent",
            VoteOutcome::AlreadyKnown => "another daemon was faster",
            VoteOutcome::RivalVote => "the node has another vote of it",
            VoteOutcome::Failed(_) => "failed",
        },
        problem,
        attempts: record.attempts,
        total: millis(record.timings.total),
        signing: millis(record.timings.signing),
        sending: millis(record.timings.sending),
    }
}

/// The figures of those votes that a daemon cast.
fn figures<'a>(votes: impl Iterator<Item = &'a StoredVote>) -> Option<Figures> {
    let cast = votes.filter(|vote| vote.record.outcome == VoteOutcome::Sent);
    let mut times: Vec<Duration> = cast.map(|vote| vote.record.timings.total).collect();
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().map(millis);
    Some(Figures { count: times.len(), median: at(50)?, slow: at(95)?, slowest: at(100)? })
}

/// The latest missed tickets that the pool ignores or does not, and how many there are.
async fn missed_tickets(
    visit: &Visit,
    query: &VoteQuery,
    ignored: bool,
    limit: u64,
) -> Result<(Vec<Missed>, u64), StoreError> {
    let ledger = &visit.site.pool.parts().ledger;
    let tickets = TicketQuery {
        user: query.user,
        states: vec![TicketState::Missed],
        prefix: query.ticket.map(|ticket| ticket.to_string()).unwrap_or_default(),
        order: TicketOrder::EndedLast,
        ignored: Some(ignored),
        limit,
        ..TicketQuery::default()
    };
    let found = ledger.tickets(&tickets).await?;
    let mut rows = Vec::with_capacity(found.tickets.len());
    for report in &found.tickets {
        rows.push(Missed {
            ticket: report.ticket.to_string(),
            user: report.user.map(|user| user.0),
            height: report.ended_at.map(|height| height.0),
            reason: Cause::find(ledger.as_ref(), report).await?.for_operator(),
        });
    }
    Ok((rows, found.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_votes_there_are_no_figures() {
        assert_eq!(figures(std::iter::empty()), None);
    }
}
