//! Tickets of wallets of today, as administrators look for them; what their fees brought in, and whose addresses took them.

use serde::Serialize;
use stakepool::administration::MissedByKey;
use stakepool::vsp::{Standing, Vsp};
use stakepool_core::ports::{FeeIncome, RegisteredQuery, RegisteredTicket, StoreError};
use stakepool_core::typed;
use stakepool_core::vsp::{FeeKey, FeeStatus, Outcome, RegisteredState};
use warp::http::StatusCode;

use super::guard::guard;
use super::pager::{Pager, part, slice};
use crate::page_error::PageError;
use crate::view::amounts;
use crate::view::registered::words;
use crate::visit::{Outcome as Answer, Visit};

/// Tickets on one page.
const PER_PAGE: u64 = 50;
/// The most tickets of each list beside the search.
const LISTED: u64 = 20;

#[derive(Serialize)]
struct Page<'a> {
    standing: Standings,
    states: Vec<(&'static str, u64)>,
    income: Vec<Income>,
    query: &'a str,
    shown: &'static str,
    filters: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    pager: Pager,
    /// What does not go on by itself: those that wait longest, and how many there are.
    hanging: Vec<Row>,
    hanging_total: u64,
    missed: Vec<Missed>,
    keys: Vec<Key>,
}

/// A missed ticket.
#[derive(Serialize)]
struct Missed {
    ticket: String,
    height: Option<u32>,
    reason: String,
}

impl From<MissedByKey> for Missed {
    fn from(missed: MissedByKey) -> Self {
        Self { ticket: missed.ticket.to_string(), height: missed.height.map(|height| height.0), reason: missed.reason }
    }
}

/// Whether new tickets are taken.
#[derive(Serialize)]
struct Standings {
    closed: Option<String>,
    hindrance: Option<&'static str>,
}

impl From<Standing> for Standings {
    fn from(standing: Standing) -> Self {
        Self { closed: standing.closed, hindrance: standing.hindrance }
    }
}

/// What the confirmed fees of a time brought in.
#[derive(Serialize)]
struct Income {
    time: &'static str,
    fees: u64,
    amount: String,
}

#[derive(Serialize)]
struct Row {
    ticket: String,
    state: &'static str,
    is_bad: bool,
    since: String,
    registered: String,
    fee: String,
    fee_address: String,
    fee_transaction: Option<String>,
    owner: String,
    alternate: Option<String>,
    ended: Option<u32>,
}

/// An account whose addresses take fees.
#[derive(Serialize)]
struct Key {
    key: String,
    /// The last index that was given; `None` where none was.
    last: Option<u32>,
    is_retired: bool,
    is_current: bool,
}

/// A name, what it is called, and the states that it stands for; all where there are none.
const FILTERS: [(&str, &str, &[RegisteredState]); 8] = [
    ("all", "All", &[]),
    ("none", "Fee not paid", &[RegisteredState::Open(FeeStatus::None)]),
    ("received", "Fee received, not sent", &[RegisteredState::Open(FeeStatus::Received)]),
    ("error", "Fee unusable", &[RegisteredState::Open(FeeStatus::Error)]),
    (
        "voting",
        "To be voted",
        &[RegisteredState::Open(FeeStatus::Broadcast), RegisteredState::Open(FeeStatus::Confirmed)],
    ),
    ("voted", "Voted", &[RegisteredState::Ended(Outcome::Voted)]),
    ("missed", "Missed", &[RegisteredState::Ended(Outcome::Missed)]),
    (
        "expired",
        "Expired or revoked",
        &[RegisteredState::Ended(Outcome::Expired), RegisteredState::Ended(Outcome::Revoked)],
    ),
];

/// Shows the tickets that fit, what hangs, what fees brought in, and the fee keys.
pub async fn show(visit: Visit) -> Answer {
    guard(&visit).await?;
    let Some(vsp) = visit.site.pool.vsp() else { return Err(PageError::not_found()) };
    let store = &visit.site.pool.parts().vsp_tickets;
    let wanted = visit.form.text("show");
    let (shown, _, states) = *FILTERS.iter().find(|(name, ..)| *name == wanted).unwrap_or(&FILTERS[0]);
    let text = typed::pasted(visit.form.text("q"));
    let query = RegisteredQuery { states: states.to_vec(), text: text.clone() };
    let found = part(slice(&visit, "page", PER_PAGE), |slice| store.find_registered(&query, slice));
    let (slice, found) = found.await?;
    let figures = store.registered_figures().await?;
    let fields = [("q", &*text), ("show", if states.is_empty() { "" } else { shown })];
    let hanging = vsp.hanging(usize::try_from(LISTED).unwrap_or(usize::MAX)).await?;
    let page = Page {
        standing: vsp.standing().into(),
        states: figures.states.iter().map(|(state, number)| (words(*state), *number)).collect(),
        income: income(vsp).await?,
        query: &text,
        shown,
        filters: FILTERS.iter().map(|(name, title, _)| (*name, *title)).collect(),
        rows: found.rows.iter().map(row).collect(),
        pager: Pager::new("/adminvsp", &fields, "page", slice, found.total),
        hanging: hanging.rows.iter().map(row).collect(),
        hanging_total: hanging.total,
        missed: visit.site.pool.missed_by_key(LISTED).await?.into_iter().map(Missed::from).collect(),
        keys: keys(vsp).await?,
    };
    visit.page("adminvsp.html.tera", StatusCode::OK, &page)
}

/// What confirmed fees brought in, up to now.
async fn income(vsp: &Vsp) -> Result<Vec<Income>, StoreError> {
    let income = vsp.income().await?;
    let of = |(time, FeeIncome { fees, amount })| Income { time, fees, amount: amounts::price(amount) };
    let times = [("24 hours", income.day), ("28 days", income.four_weeks), ("since the beginning", income.all)];
    Ok(times.map(of).into())
}

/// The fee keys, the latest last.
async fn keys(vsp: &Vsp) -> Result<Vec<Key>, StoreError> {
    let current = vsp.terms().fee_key;
    let key = |key: FeeKey| Key {
        key: key.key().to_string(),
        last: key.last_given().map(|index| index.0),
        is_retired: key.is_retired(),
        is_current: *key.key() == current,
    };
    Ok(vsp.fee_keys().await?.into_iter().map(key).collect())
}

fn row(ticket: &RegisteredTicket) -> Row {
    let registration = &ticket.registration;
    let state = RegisteredState::from(registration);
    let is_bad = matches!(
        state,
        RegisteredState::Open(FeeStatus::Error) | RegisteredState::Ended(Outcome::Missed | Outcome::Revoked)
    );
    Row {
        ticket: registration.ticket.to_string(),
        state: words(state),
        is_bad,
        since: ticket.fee_since.readable(),
        registered: ticket.registered.readable(),
        fee: amounts::fee(registration.quote.amount),
        fee_address: registration.fee_address.address.to_string(),
        fee_transaction: registration.fee_transaction.map(|hash| hash.to_string()),
        owner: registration.owner.to_string(),
        alternate: registration.alternate.map(|address| address.to_string()),
        ended: ticket.ended_at.map(|height| height.0),
    }
}
