//! A ticket as a row of a list.

use futures_util::future::try_join_all;
use serde::Serialize;
use stakepool::tickets::life::{expires_at, matures_at, spendable_at};
use stakepool::tickets::{Cause, reward};
use stakepool_core::chain::{BlockHeight, Params};
use stakepool_core::ports::StoreError;
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixTime;

use super::list::List;
use crate::site::Site;
use crate::view::amounts;
use crate::view::when::{BlockTime, When};

/// A row.
#[derive(Debug, Serialize)]
pub struct Row {
    ticket: String,
    state: &'static str,
    price: String,
    bought: When,
    /// The moment that matters for the list.
    moment: Option<When>,
    /// What a voted ticket earned.
    reward: Option<String>,
    /// The vote or the revocation, where it is known.
    transaction: Option<String>,
    /// When a voted ticket's money can be spent, while that lies ahead.
    spendable: Option<When>,
    /// Why the ticket was missed, or why it was ignored until an administrator added it.
    problem: Option<String>,
    /// Whether a missed or expired ticket was revoked, in words.
    revocation: Option<&'static str>,
    /// For an ignored ticket: the fee that it pays and the one that it should pay.
    fees: Option<Fees>,
}

/// What an ignored ticket lacks.
#[derive(Debug, Serialize)]
struct Fees {
    found: String,
    required: String,
    /// Where the fee goes, if that is not an address of the pool.
    stranger: Option<String>,
}

/// The rows of a page.
///
/// # Errors
/// [`StoreError`] where the votes of missed tickets cannot be read.
pub async fn rows(
    site: &Site,
    reports: &[TicketReport],
    list: &List,
    params: &Params,
    time: &BlockTime,
) -> Result<Vec<Row>, StoreError> {
    let prices = amounts::prices(&reports.iter().map(|report| report.facts.price).collect::<Vec<_>>());
    let reasons = try_join_all(reports.iter().map(|report| reason(site, report))).await?;
    let rows = reports.iter().zip(prices).zip(reasons).map(|((report, price), problem)| Row {
        ticket: report.ticket.to_string(),
        state: report.state.name(),
        price,
        bought: time.at(report.facts.mined_at, report.times.mined),
        moment: moment(report, list, params).map(|(block, known)| time.at(block, known)),
        reward: reward(report, params).map(amounts::price),
        transaction: report.spend.map(|spend| spend.transaction.to_string()),
        spendable: spendable_at(report, params).map(|block| time.of(block)).filter(|when| when.to_come),
        problem,
        revocation: revocation(report),
        fees: fees(report),
    });
    Ok(rows.collect())
}

/// A block, and its time where that is known.
fn moment(report: &TicketReport, list: &List, params: &Params) -> Option<(BlockHeight, Option<UnixTime>)> {
    match list.state {
        Some(TicketState::Immature) => Some((matures_at(report, params), None)),
        Some(TicketState::Live) => Some((expires_at(report, params), None)),
        // Of those that are ignored some have not ended; their state says enough.
        Some(TicketState::Voted | TicketState::Missed | TicketState::Expired) | None => {
            report.ended_at.map(|height| (height, report.times.ended))
        }
    }
}

fn revocation(report: &TicketReport) -> Option<&'static str> {
    let is_missed = matches!(report.state, TicketState::Missed | TicketState::Expired);
    is_missed.then_some(if report.revoked { "revoked" } else { "not yet revoked" })
}

async fn reason(site: &Site, report: &TicketReport) -> Result<Option<String>, StoreError> {
    if report.is_ignored() {
        // The columns of the list say it.
        return Ok(None);
    }
    if report.state != TicketState::Missed {
        return Ok(fee_problem(report));
    }
    Ok(Some(Cause::find(site.pool.parts().ledger.as_ref(), report).await?.for_user()))
}

fn fees(report: &TicketReport) -> Option<Fees> {
    let facts = &report.facts;
    let is_stranger = facts.verdict == Verdict::UnknownFeeAddress;
    report.is_ignored().then(|| Fees {
        found: amounts::fee(facts.committed_fee),
        required: amounts::fee(facts.required_fee),
        stranger: is_stranger.then(|| facts.fee_address.to_string()),
    })
}

/// Why a ticket is ignored, or was until an administrator added it.
pub(super) fn fee_problem(report: &TicketReport) -> Option<String> {
    let facts = &report.facts;
    let what = match facts.verdict {
        Verdict::Accepted => return None,
        Verdict::LowFee => {
            let (found, required) = (amounts::fee(facts.committed_fee), amounts::fee(facts.required_fee));
            format!("pays a fee of {found} EXCC, but {required} EXCC is required")
        }
        Verdict::UnknownFeeAddress => format!("pays its fee to {}, which is not the pool’s", facts.fee_address),
        Verdict::FeeLost => "has no fee any more, since another transaction has spent its coins".to_owned(),
    };
    Some(if report.added { format!("{what}; an administrator added it, so it is voted") } else { what })
}
