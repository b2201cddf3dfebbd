//! Low-fee tickets: those that the pool ignores, and those that an administrator added.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;
use stakepool::accounts::is_closed;
use stakepool::tickets::low_fee::{LowFeeAdditions, LowFeeError, parse_hash, reason};
use stakepool_core::accounts::{Actor, UserId};
use stakepool_core::chain::{Generation, TicketHash};
use stakepool_core::ports::{LowFeeTicket, StoreError};
use stakepool_core::reports::TicketReport;
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, pieces, slice};
use crate::view::amounts;
use crate::view::when::{ago, roughly};
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "admintickets.html.tera";
/// Tickets on one page of either list.
const PER_PAGE: u64 = 50;
/// Most bytes of a note for the audit log.
const MOST_NOTE: usize = 200;
/// Tickets that one form may name.
const MOST: usize = 1000;
/// How long one of the predecessor's daemons may take to list its tickets.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Tickets {
    answers: Vec<Answered>,
    changed: bool,
    error: Option<String>,
    ignored: Vec<Ignored>,
    ignored_pager: Pager,
    unreported: Vec<Unreported>,
    added: Vec<Added>,
    added_pager: Pager,
}

/// What is answered for one hash.
#[derive(Serialize)]
struct Answered {
    ticket: String,
    good: bool,
    /// Whether the daemons have something new to learn.
    changed: bool,
    text: String,
}

#[derive(Serialize)]
struct Ignored {
    ticket: String,
    owner: Option<Owner>,
    state: &'static str,
    mined_at: u32,
    age: Option<String>,
    paid: String,
    required: String,
    reason: String,
    /// What was done a moment ago, which the daemons have not reported yet.
    pending: Option<&'static str>,
}

/// What an administrator did that no daemon has reported yet.
const JUST_ADDED: &str = "Added; the daemons have not reported it yet.";
const TAKEN_BACK: &str = "Removed; the daemons have not reported it yet.";

/// A ticket that only one of the predecessor's daemons knows of.
#[derive(Serialize)]
struct Unreported {
    ticket: String,
    owner: Option<Owner>,
    address: String,
}

#[derive(Serialize)]
struct Added {
    ticket: String,
    owner: Option<Owner>,
    paid: Option<String>,
    required: Option<String>,
    reason: Option<String>,
    added_by: String,
    added_at: String,
    age: String,
    /// What became of it, or where it is in its life.
    outcome: &'static str,
    removable: bool,
}

/// Shows both lists.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    page(&visit, Vec::new(), None).await
}

/// Adds or takes back the named tickets; each is answered for.
pub async fn submit(visit: Visit) -> Outcome {
    let by = guard(&visit).await?.id;
    let separator = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let named: Vec<&str> = visit.form.all("tickets[]").flat_map(|field| field.split(separator)).collect();
    let named: Vec<&str> = named.into_iter().filter(|text| !text.is_empty()).collect();
    let adding = match visit.form.text("action") {
        "Add" => true,
        "Remove" => false,
        _ => return refuse(&visit, "press the button to add tickets or the one to remove them").await,
    };
    if named.is_empty() {
        return refuse(&visit, "choose at least one ticket, or paste a ticket’s hash").await;
    }
    if named.len() > MOST {
        return refuse(&visit, "name at most 1,000 tickets at once").await;
    }
    let note = visit.form.start_of("note", MOST_NOTE).trim().to_owned();
    let additions = LowFeeAdditions { note, ..visit.site.pool.low_fee(Actor::User(by)) };
    let mut answers = Vec::with_capacity(named.len());
    for text in named {
        answers.push(answer(&additions, text, adding).await);
    }
    tracing::info!(user = %by, client = %visit.client, adding, tickets = answers.len(), "low-fee tickets were changed");
    page(&visit, answers, None).await
}

async fn refuse(visit: &Visit, remedy: &str) -> Outcome {
    page(visit, Vec::new(), Some(format!("Nothing was changed: {remedy}."))).await
}

async fn answer(additions: &LowFeeAdditions<'_>, text: &str, adding: bool) -> Answered {
    let done = match parse_hash(text) {
        Ok(ticket) if adding => additions.add(ticket).await.map(|added| added.newly),
        Ok(ticket) => additions.remove(ticket).await,
        Err(refusal) => Err(refusal.into()),
    };
    let ticket: String = text.chars().take(64).collect();
    match done {
        Ok(changed) => {
            let text = match (adding, changed) {
                (true, true) => "added: the pool votes it as soon as it is drawn",
                (true, false) => "was added before",
                (false, true) => "removed: the pool ignores it again",
                (false, false) => "was not added",
            };
            Answered { ticket, good: true, changed, text: text.to_owned() }
        }
        Err(LowFeeError::Refused(refusal)) => {
            Answered { ticket, good: false, changed: false, text: in_quotes(&refusal.without_hash()) }
        }
        Err(LowFeeError::Store(error)) => {
            tracing::error!(%error, "a low-fee ticket could not be changed");
            let text = "the database failed, so that it may not have been changed; look below, and repeat it";
            Answered { ticket, good: false, changed: false, text: text.to_owned() }
        }
    }
}

/// What stands in backticks for a terminal, in quotation marks.
fn in_quotes(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    let quoted = pieces.map(|(number, piece)| if number % 2 == 1 { format!("“{piece}”") } else { piece.to_owned() });
    quoted.collect::<String>().replace('\'', "’")
}

/// Users by number and e-mail address, each read once.
#[derive(Default)]
struct Names(HashMap<UserId, Owner>);

/// Whose a ticket is.
#[derive(Clone, Serialize)]
struct Owner {
    id: i64,
    email: Vec<String>,
}

impl Names {
    async fn of(&mut self, visit: &Visit, user: Option<UserId>) -> Result<Option<Owner>, StoreError> {
        let Some(id) = user else { return Ok(None) };
        if let Some(owner) = self.0.get(&id) {
            return Ok(Some(owner.clone()));
        }
        let email = match visit.site.pool.parts().users.by_id(id).await? {
            Some(user) if is_closed(&user) => vec!["closed".to_owned()],
            Some(user) => pieces(&user.email),
            None => Vec::new(),
        };
        let owner = Owner { id: id.0, email };
        self.0.insert(id, owner.clone());
        Ok(Some(owner))
    }
}

async fn page(visit: &Visit, answers: Vec<Answered>, error: Option<String>) -> Outcome {
    let (pool, now) = (&visit.site.pool, visit.site.now());
    let lists = pool.low_fee_lists();
    let active = lists.added().await?;
    let find = |slice| lists.ignored(slice);
    let (ignored_slice, ignored) = part(slice(visit, "page", PER_PAGE), find).await?;
    let find = |slice| pool.parts().admin.added_tickets(slice);
    let (added_slice, added) = part(slice(visit, "addedpage", PER_PAGE), find).await?;
    let taken_back = if ignored_slice.offset == 0 { lists.taken_back(&active).await? } else { Vec::new() };
    let height = visit.site.status().await.height;
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(added.rows.len());
    for ticket in &added.rows {
        let report = pool.parts().ledger.ticket(&ticket.ticket).await?;
        let owner = names.of(visit, report.as_ref().and_then(|report| report.user)).await?;
        rows.push(added_row(ticket, report.as_ref(), owner, active.contains(&ticket.ticket), now));
    }
    // What was added a moment ago stands among the added ones alone, although the daemons still report it as ignored.
    let reported = ignored.rows.iter().filter(|report| !active.contains(&report.ticket));
    let mut shown = Vec::new();
    for (report, pending) in
        taken_back.iter().map(|report| (report, Some(TAKEN_BACK))).chain(reported.map(|report| (report, None)))
    {
        let owner = names.of(visit, report.user).await?;
        shown.push(ignored_row(visit, report, owner, height, pending));
    }
    let content = Tickets {
        changed: answers.iter().any(|answer| answer.changed),
        answers,
        error,
        ignored: shown,
        ignored_pager: Pager::new("/admintickets", &[], "page", ignored_slice, ignored.total),
        unreported: unreported(visit, &mut names, &active).await?,
        added: rows,
        added_pager: Pager::new("/admintickets", &[], "addedpage", added_slice, added.total),
    };
    visit.page(TEMPLATE, StatusCode::OK, &content)
}

/// What of a ticket's fee the pool gets.
fn fee_paid(facts: &TicketFacts) -> String {
    match facts.verdict {
        // It goes to somebody else, as the reason says.
        Verdict::UnknownFeeAddress => "none".to_owned(),
        _ => amounts::fee(facts.committed_fee),
    }
}

fn ignored_row(
    visit: &Visit,
    report: &TicketReport,
    owner: Option<Owner>,
    height: Option<u32>,
    pending: Option<&'static str>,
) -> Ignored {
    let facts = &report.facts;
    let block_time = visit.site.pool.terms().network.params(Generation::Today).target_time_per_block;
    let blocks = height.map(|height| height.saturating_sub(facts.mined_at.0));
    Ignored {
        ticket: report.ticket.to_string(),
        owner,
        state: report.state.name(),
        mined_at: facts.mined_at.0,
        age: blocks.map(|blocks| roughly(block_time.saturating_mul(blocks))),
        paid: fee_paid(facts),
        required: amounts::fee(facts.required_fee),
        reason: reason(facts),
        pending,
    }
}

fn added_row(
    ticket: &LowFeeTicket,
    report: Option<&TicketReport>,
    owner: Option<Owner>,
    active: bool,
    now: UnixTime,
) -> Added {
    let facts = report.map(|report| &report.facts);
    // An end that a reorganisation may still undo is in the ledger only.
    let is_waiting = active && report.is_some_and(|report| report.is_ignored() && !report.state.is_over());
    let outcome = match ticket.outcome.or(report.map(|report| report.state)) {
        _ if is_waiting => JUST_ADDED,
        Some(state) => state.name(),
        None if active => "not reported yet",
        None => "too old to be live",
    };
    Added {
        ticket: ticket.ticket.to_string(),
        owner,
        paid: facts.map(fee_paid),
        required: facts.map(|facts| amounts::fee(facts.required_fee)),
        reason: facts.map(reason),
        added_by: ticket.added_by.map_or(Actor::CommandLine, Actor::User).to_string(),
        added_at: ticket.created.readable(),
        age: ago(now, ticket.created),
        outcome,
        removable: active,
    }
}

/// What only the predecessor's daemons know of: they report nothing by themselves, and are asked.
async fn unreported(
    visit: &Visit,
    names: &mut Names,
    added: &HashSet<TicketHash>,
) -> Result<Vec<Unreported>, StoreError> {
    let views = visit.site.pool.daemons().views();
    let is_old = |name: &str| views.get(name).is_some_and(|view| view.in_sync && view.status.is_none());
    let found = visit.site.pool.low_fee_lists().known_to_daemons_only(added, is_old, PATIENCE).await?;
    let mut rows = Vec::with_capacity(found.tickets.len());
    for (entry, user) in found.tickets {
        let owner = names.of(visit, user).await?;
        rows.push(Unreported { ticket: entry.ticket.to_string(), owner, address: entry.address.to_string() });
    }
    Ok(rows)
}
