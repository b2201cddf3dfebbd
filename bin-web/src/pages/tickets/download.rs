//! What a user has at the pool, as files: for a wallet, a table of one's own, or the tax office.

use serde::Serialize;
use stakepool::tickets::Reward;
use stakepool_core::accounts::Registration;
use stakepool_core::chain::{Generation, Params};
use stakepool_core::ports::{TicketOrder, TicketQuery};
use stakepool_core::reports::TicketReport;
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixTime;

use crate::http::respond::{csv_file, file};
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
    /// Times of blocks in ISO 8601 and UTC, as far as they are known.
    mined_time: Option<String>,
    matured_time: Option<String>,
    drawn_time: Option<String>,
    ended_time: Option<String>,
    /// The vote or the revocation, where it is known.
    spent_by: Option<String>,
    spent_at_block: Option<u32>,
    spent_time: Option<String>,
    /// The part of the reward that the pool got, and what is left of it.
    fee_of_reward_excc: Option<String>,
    net_reward_excc: Option<String>,
    /// Whether reward and fee follow from the rules of the chain, because the vote is not known.
    reward_by_rule: Option<bool>,
}

/// The fields of a ticket as a line of CSV, in their order. None of them holds a comma.
const HEAD: &str = "ticket,state,ignored,added_by_administrator,reason,mined_at_block,ended_at_block,price_excc,\
                    fee_paid_excc,fee_required_excc,fee_address,reward_excc,mined_time,matured_time,drawn_time,ended_time,\
                    spent_by,spent_at_block,spent_time,fee_of_reward_excc,net_reward_excc,reward_by_rule\r\n";

impl TicketData {
    fn line(&self) -> String {
        let ended = self.ended_at_block.map(|block| block.to_string()).unwrap_or_default();
        format!(
            "{},{},{},{},{},{},{ended},{},{},{},{},{},{}\r\n",
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
            self.reward_excc.as_deref().unwrap_or_default(),
            self.money()
        )
    }

    /// What came with a later version, behind the rest.
    fn money(&self) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let fields = [
            text(&self.mined_time),
            text(&self.matured_time),
            text(&self.drawn_time),
            text(&self.ended_time),
            text(&self.spent_by),
            self.spent_at_block.map(|block| block.to_string()).unwrap_or_default(),
            text(&self.spent_time),
            text(&self.fee_of_reward_excc),
            text(&self.net_reward_excc),
            self.reward_by_rule.map(|by_rule| by_rule.to_string()).unwrap_or_default(),
        ];
        fields.join(",")
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
    json(&everything, "tickets.json")
}

/// The tickets as CSV.
pub async fn tickets_csv(visit: Visit) -> Outcome {
    let params = params(&visit);
    let mut csv = String::from(HEAD);
    for report in tickets(&visit).await? {
        csv.push_str(&data(&report, &params).line());
    }
    Ok(csv_file(csv, "tickets.csv"))
}

/// Address and script as JSON; `null` for who has none yet.
pub async fn address_json(visit: Visit) -> Outcome {
    let address = registration(&visit)?.map(|registration| address(&visit, &registration));
    json(&address, "address.json")
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
    Ok(csv_file(csv, "address.csv"))
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
    let (facts, times, spend) = (&report.facts, &report.times, report.spend.as_ref());
    let iso = |time: Option<UnixTime>| time.map(UnixTime::iso);
    let reward = Reward::of(report, params);
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
        reward_excc: reward.map(|reward| reward.whole.to_string()),
        fee_paid_excc: facts.committed_fee.to_string(),
        fee_required_excc: facts.required_fee.to_string(),
        fee_address: facts.fee_address.to_string(),
        mined_time: iso(times.mined),
        matured_time: iso(times.matured),
        drawn_time: iso(times.drawn),
        ended_time: iso(times.ended),
        spent_by: spend.map(|spend| spend.transaction.to_string()),
        spent_at_block: spend.map(|spend| spend.mined_at.0),
        spent_time: iso(spend.and_then(|spend| spend.time)),
        fee_of_reward_excc: reward.map(|reward| reward.to_pool.to_string()),
        net_reward_excc: reward.map(|reward| reward.net().to_string()),
        reward_by_rule: reward.map(|reward| reward.is_by_rule),
    }
}

pub(super) fn json(content: &impl Serialize, name: &str) -> Outcome {
    let text = serde_json::to_string_pretty(content).map_err(|error| {
        tracing::error!(%error, "a download could not be made");
        PageError::internal()
    })?;
    Ok(file(text + "\n", "application/json; charset=utf-8", name))
}
