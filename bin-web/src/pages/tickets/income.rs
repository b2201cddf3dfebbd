//! What happened to a user's coins within a year, as a file: for the books, and for a tax return.

use serde::Serialize;
use stakepool::tickets::money::{EventKind, MoneyEvent, Year, events};
use stakepool_core::chain::{Amount, Generation};
use warp::http::StatusCode;

use super::download::json;
use super::tip;
use crate::http::respond::csv_file;
use crate::page_error::{Explanation, PageError};
use crate::visit::{Outcome, Visit};

/// The columns, in the order of the fields. None of them holds a comma.
const HEAD: &str = "time,time_is_estimate,event,ticket,transaction,block,price_excc,reward_excc,pool_fee_excc,net_excc,\
                    computed_by_rule\r\n";

/// An event. Amounts are in EXCC with all eight decimals, as texts in JSON; times are ISO 8601 in UTC.
#[derive(Serialize)]
struct Event {
    time: String,
    time_is_estimate: bool,
    event: &'static str,
    ticket: String,
    transaction: Option<String>,
    block: u32,
    price_excc: String,
    reward_excc: String,
    pool_fee_excc: String,
    net_excc: String,
    computed_by_rule: bool,
}

/// The file as JSON.
#[derive(Serialize)]
struct Statement {
    year: i64,
    network: &'static str,
    votes: usize,
    reward_excc: String,
    pool_fee_excc: String,
    net_excc: String,
    events: Vec<Event>,
}

const NO_YEAR: Explanation = Explanation {
    title: "No such year",
    happened: "The address of this page ends with a year in four digits, such as year=2026.",
    lost: "Nothing was changed.",
    remedy: "Open it from your tickets.",
};

/// The year as CSV.
pub async fn csv(visit: Visit) -> Outcome {
    let (year, events) = read(&visit).await?;
    let mut text = String::from(HEAD);
    for event in events.iter().map(shown) {
        text.push_str(&line(&event));
    }
    Ok(csv_file(text, &format!("income-{}.csv", year.0)))
}

/// The year as JSON, with its sums.
pub async fn as_json(visit: Visit) -> Outcome {
    let (year, events) = read(&visit).await?;
    let sum = |of: fn(&MoneyEvent) -> Amount| {
        let atoms = events.iter().map(|event| of(event).atoms()).fold(0, i64::saturating_add);
        Amount::from_atoms(atoms).to_string()
    };
    let statement = Statement {
        year: year.0,
        network: visit.site.pool.terms().network.name(),
        votes: events.iter().filter(|event| event.kind == EventKind::Voted).count(),
        reward_excc: sum(|event| event.reward),
        pool_fee_excc: sum(|event| event.to_pool),
        net_excc: sum(MoneyEvent::net),
        events: events.iter().map(shown).collect(),
    };
    json(&statement, &format!("income-{}.json", year.0))
}

async fn read(visit: &Visit) -> Result<(Year, Vec<MoneyEvent>), PageError> {
    let user = visit.need_user()?.id;
    let pool = &visit.site.pool;
    let text = visit.form.text("year");
    let year = match text {
        "" => Some(Year::of(pool.now())),
        text if text.len() == 4 => text.parse().ok().map(Year),
        _ => None,
    };
    let year = year.ok_or(PageError::Shown(StatusCode::NOT_FOUND, NO_YEAR))?;
    let tip = tip(&visit.site).await.unwrap_or_default();
    let params = pool.terms().network.params(Generation::Today);
    Ok((year, events(pool.parts(), &params, user, year, tip).await?))
}

fn shown(event: &MoneyEvent) -> Event {
    Event {
        time: event.time.iso(),
        time_is_estimate: event.is_estimate,
        event: event.kind.name(),
        ticket: event.ticket.to_string(),
        transaction: event.transaction.map(|hash| hash.to_string()),
        block: event.block.0,
        price_excc: event.price.to_string(),
        reward_excc: event.reward.to_string(),
        pool_fee_excc: event.to_pool.to_string(),
        net_excc: event.net().to_string(),
        computed_by_rule: event.is_by_rule,
    }
}

fn line(event: &Event) -> String {
    format!(
        "{},{},{},{},{},{},{},{},{},{},{}\r\n",
        event.time,
        event.time_is_estimate,
        event.event,
        event.ticket,
        event.transaction.as_deref().unwrap_or_default(),
        event.block,
        event.price_excc,
        event.reward_excc,
        event.pool_fee_excc,
        event.net_excc,
        event.computed_by_rule
    )
}
