//! What a user has at the pool, as files: for a wallet, a table of one's own, or the tax office.

use serde::Serialize;
use stakepool::tickets::reward;
use stakepool_core::accounts::Registration;
use stakepool_core::chain::{Generation, Params};
use stakepool_core::ports::{TicketOrder, TicketQuery};
use stakepool_core::reports::TicketReport;
use stakepool_core::ticket::Verdict;
use warp::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use warp::reply::Response;

use crate::http::respond::Packable;
use crate::page_error::PageError;
use crate::visit::{Outcome, Visit};

/// Tickets that are read at once.
const CHUNK: u64 = 5_000;

/// Everything, as JSON. A user without an address has no tickets either.
#[derive(Serialize)]
struct Everything<'a> {
    network: &'static str,
    pool: &'a str,
    pool_fee_percent: f64,
    address: Option<AddressData>,
    tickets: Vec<TicketData>,
}

#[derive(Serialize)]
struct AddressData {
    voting_address: String,
    redeem_script: String,
    fee_address: String,
    user_public_key_address: String,
    registered_at_block: u32,
}

/// A ticket, with the same fields in JSON and CSV. Amounts are in EXCC with all eight decimals, as texts in JSON, so that
/// no program rounds them.
#[derive(Serialize)]
struct TicketData {
    ticket: String,
    state: &'static str,
    ignored: bool,
    added_by_administrator: bool,
    /// What is wrong with the fee.
    reason: Option<&'static str>,
    mined_at_block: u32,
    ended_at_block: Option<u32>,
    price_excc: String,
    /// What its vote paid beyond the price.
    reward_excc: Option<String>,
    fee_paid_excc: String,
    fee_required_excc: String,
    fee_address: String,
}

/// The fields of a ticket as a line of CSV, in their order. None of them holds a comma.
const HEAD: &str = "ticket,state,ignored,added_by_administrator,reason,mined_at_block,ended_at_block,price_excc,\
                    fee_paid_excc,fee_required_excc,fee_address,reward_excc\r\n";

impl TicketData {
    fn line(&self) -> String {
        let ended = self.ended_at_block.map(|block| block.to_string()).unwrap_or_default();
        format!(
            "{},{},{},{},{},{},{ended},{},{},{},{},{}\r\n",
            self.ticket,
            self.state,
            self.ignored,
            self.added_by_administrator,
            self.reason.unwrap_or_default(),
            self.mined_at_block,
            self.price_excc,
            self.fee_paid_excc,
            self.fee_required_excc,
            self.fee_address,
            self.reward_excc.as_deref().unwrap_or_default()
        )
    }
}

/// Script, address and tickets as JSON.
pub async fn tickets_json(visit: Visit) -> Outcome {
    let address = registration(&visit)?.map(|registration| address(&visit, &registration));
    let (pool, terms, params) = (&visit.site.pool, visit.site.pool.terms(), params(&visit));
    let everything = Everything {
        network: terms.network.name(),
        pool: &pool.site().base_url,
        pool_fee_percent: terms.in_force().fee.percent(),
        address,
        tickets: tickets(&visit).await?.iter().map(|report| data(report, &params)).collect(),
    };
    json(&everything, "attachment; filename=\"tickets.json\"")
}

/// The tickets as CSV.
pub async fn tickets_csv(visit: Visit) -> Outcome {
    let params = params(&visit);
    let mut csv = String::from(HEAD);
    for report in tickets(&visit).await? {
        csv.push_str(&data(&report, &params).line());
    }
    Ok(file(csv, "text/csv; charset=utf-8", "attachment; filename=\"tickets.csv\""))
}

/// Address and script as JSON; `null` for who has none yet.
pub async fn address_json(visit: Visit) -> Outcome {
    let address = registration(&visit)?.map(|registration| address(&visit, &registration));
    json(&address, "attachment; filename=\"address.json\"")
}

/// Address and script as CSV; the head alone for who has none yet.
pub async fn address_csv(visit: Visit) -> Outcome {
    let mut csv =
        String::from("voting_address,redeem_script,fee_address,user_public_key_address,registered_at_block\r\n");
    if let Some(registration) = registration(&visit)? {
        let AddressData { voting_address, redeem_script, fee_address, user_public_key_address, registered_at_block } =
            address(&visit, &registration);
        csv.push_str(&format!(
            "{voting_address},{redeem_script},{fee_address},{user_public_key_address},{registered_at_block}\r\n"
        ));
    }
    Ok(file(csv, "text/csv; charset=utf-8", "attachment; filename=\"address.csv\""))
}

fn params(visit: &Visit) -> Params {
    visit.site.pool.terms().network.params(Generation::Today)
}

fn registration(visit: &Visit) -> Result<Option<Registration>, PageError> {
    Ok(visit.need_user()?.registration.clone())
}

fn address(visit: &Visit, registration: &Registration) -> AddressData {
    AddressData {
        voting_address: registration.address.to_string(),
        redeem_script: registration.script.to_string(),
        fee_address: visit.site.pool.terms().fee_address(registration).to_string(),
        user_public_key_address: registration.script.user_address(visit.site.pool.terms().network).to_string(),
        registered_at_block: registration.registered_at.0,
    }
}

/// All tickets of the user, the oldest first, so that new ones that come meanwhile shift nothing.
async fn tickets(visit: &Visit) -> Result<Vec<TicketReport>, PageError> {
    let query = TicketQuery {
        user: Some(visit.need_user()?.id),
        order: TicketOrder::Oldest,
        limit: CHUNK,
        ..TicketQuery::default()
    };
    let mut all = Vec::new();
    loop {
        let page =
            visit.site.pool.parts().ledger.tickets(&TicketQuery { offset: all.len() as u64, ..query.clone() }).await?;
        let is_last = (page.tickets.len() as u64) < CHUNK;
        all.extend(page.tickets);
        if is_last {
            return Ok(all);
        }
    }
}

fn data(report: &TicketReport, params: &Params) -> TicketData {
    let facts = &report.facts;
    TicketData {
        ticket: report.ticket.to_string(),
        state: report.state.name(),
        ignored: report.is_ignored(),
        added_by_administrator: report.added,
        reason: match facts.verdict {
            Verdict::Accepted => None,
            Verdict::LowFee => Some("low fee"),
            Verdict::UnknownFeeAddress => Some("unknown fee address"),
            Verdict::FeeLost => Some("fee lost"),
        },
        mined_at_block: facts.mined_at.0,
        ended_at_block: report.ended_at.map(|block| block.0),
        price_excc: facts.price.to_string(),
        reward_excc: reward(report, params).map(|reward| reward.to_string()),
        fee_paid_excc: facts.committed_fee.to_string(),
        fee_required_excc: facts.required_fee.to_string(),
        fee_address: facts.fee_address.to_string(),
    }
}

fn json(content: &impl Serialize, name: &'static str) -> Outcome {
    let text = serde_json::to_string_pretty(content).map_err(|error| {
        tracing::error!(%error, "a download could not be made");
        PageError::internal()
    })?;
    Ok(file(text + "\n", "application/json; charset=utf-8", name))
}

fn file(text: String, kind: &'static str, name: &'static str) -> Response {
    let mut response = Response::new(text.into());
    // No secret is in it, and nothing of the request either.
    response.extensions_mut().insert(Packable);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    response
}
