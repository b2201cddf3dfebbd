//! A user's tickets, read from the pool's own ledger, and how to buy them.

use serde::Serialize;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::Amount;
use stakepool_core::ports::TicketQuery;
use stakepool_core::ticket::Verdict;
use stakepool_core::voting::{TicketReport, TicketState};
use warp::http::StatusCode;

use super::address::network_flag;
use crate::visit::{Outcome, Visit, see_other};

/// Tickets on one page.
const PER_PAGE: u64 = 50;

#[derive(Serialize)]
struct Tickets {
    address: String,
    script: String,
    fee_address: String,
    network_flag: &'static str,
    lists: Vec<List>,
    shown: List,
    rows: Vec<Row>,
    page: u64,
    pages: u64,
}

/// One of the lists that a user can look at.
#[derive(Clone, Serialize)]
struct List {
    name: &'static str,
    title: &'static str,
    empty: &'static str,
    hint: &'static str,
    count: u64,
    #[serde(skip)]
    state: Option<TicketState>,
}

#[derive(Serialize)]
struct Row {
    ticket: String,
    mined_at: u32,
    ended_at: Option<u32>,
    price: String,
    state: &'static str,
    problem: Option<String>,
}

const fn list(
    name: &'static str,
    title: &'static str,
    state: Option<TicketState>,
    empty: &'static str,
    hint: &'static str,
) -> List {
    List { name, title, empty, hint, count: 0, state }
}

const LISTS: [List; 6] = [
    list(
        "live",
        "Live",
        Some(TicketState::Live),
        "No ticket is waiting to be drawn.",
        "The pool votes these as soon as they are drawn.",
    ),
    list(
        "immature",
        "Immature",
        Some(TicketState::Immature),
        "No ticket is maturing.",
        "Bought and mined, but not yet old enough to be drawn.",
    ),
    list(
        "voted",
        "Voted",
        Some(TicketState::Voted),
        "No ticket has voted yet.",
        "Drawn and voted: price and reward are yours, newest first.",
    ),
    list(
        "missed",
        "Missed",
        Some(TicketState::Missed),
        "No ticket was missed.",
        "Drawn, but the vote was not mined. A miner may have left it out. The price comes back without a reward.",
    ),
    list(
        "expired",
        "Expired",
        Some(TicketState::Expired),
        "No ticket has expired.",
        "Never drawn within their time. The price comes back without a reward.",
    ),
    list(
        "ignored",
        "Ignored",
        None,
        "No ticket is ignored.",
        "These do not pay the pool's fee, so the pool does not vote them. Vote them with your own wallet, or ask the operator to add them.",
    ),
];

/// Shows one list of tickets.
pub async fn show(visit: Visit) -> Outcome {
    let user = visit.need_user()?;
    let Some(registration) = &user.registration else { return Ok(see_other("/address")) };
    let lists = counted(&visit, user.id).await?;
    let wanted = visit.form.text("show");
    let shown = lists.iter().find(|list| list.name == wanted).unwrap_or(&lists[0]).clone();
    let pages = shown.count.div_ceil(PER_PAGE).max(1);
    let page = visit.form.text("page").parse().unwrap_or(1).clamp(1, pages);
    let query = TicketQuery {
        user: Some(user.id),
        states: shown.state.into_iter().collect(),
        ignored: Some(shown.state.is_none()),
        offset: (page - 1) * PER_PAGE,
        limit: PER_PAGE,
    };
    let found = visit.app.services.ledger.tickets(&query).await?;
    let content = Tickets {
        address: registration.address.to_string(),
        script: registration.script.to_string(),
        fee_address: registration.fee_address.to_string(),
        network_flag: network_flag(visit.app.options.network),
        rows: found.tickets.iter().map(row).collect(),
        lists,
        shown,
        page,
        pages,
    };
    visit.page("tickets.html.tera", StatusCode::OK, &content)
}

async fn counted(visit: &Visit, user: UserId) -> Result<Vec<List>, stakepool_core::ports::StoreError> {
    let counts = visit.app.services.ledger.ticket_counts(Some(user)).await?;
    let count = |list: &List| {
        let belongs =
            |state: TicketState, ignored: bool| list.state.map_or(ignored, |wanted| wanted == state && !ignored);
        counts.iter().filter(|(state, ignored, _)| belongs(*state, *ignored)).map(|(.., count)| count).sum()
    };
    Ok(LISTS.iter().map(|list| List { count: count(list), ..list.clone() }).collect())
}

fn row(report: &TicketReport) -> Row {
    Row {
        ticket: report.ticket.to_string(),
        mined_at: report.facts.mined_at.0,
        ended_at: report.ended_at.map(|height| height.0),
        price: excc(report.facts.price),
        state: report.state.name(),
        problem: problem(report),
    }
}

fn problem(report: &TicketReport) -> Option<String> {
    let facts = &report.facts;
    let what = match facts.verdict {
        Verdict::Accepted => return None,
        Verdict::LowFee => {
            format!("pays a fee of {} EXCC, but {} EXCC are asked", excc(facts.committed_fee), excc(facts.required_fee))
        }
        Verdict::UnknownFeeAddress => format!("pays its fee to {}, which is not the pool's", facts.fee_address),
    };
    Some(if report.added { format!("{what}; an administrator added it, so it is voted") } else { what })
}

/// An amount without the zeros at its end.
pub fn excc(amount: Amount) -> String {
    let text = amount.to_string();
    let short = text.trim_end_matches('0');
    short.strip_suffix('.').unwrap_or(short).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_without_idle_zeros() {
        for (atoms, text) in [(0, "0"), (100_000_000, "1"), (2_050_000_000, "20.5"), (-1, "-0.00000001")] {
            assert_eq!(excc(Amount::from_atoms(atoms)), text);
        }
    }
}
