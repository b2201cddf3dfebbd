//! A ticket as a row of a list.

use futures_util::future::try_join_all;
use serde::Serialize;
use stakepool_core::chain::{Amount, BlockHeight, Params};
use stakepool_core::ports::StoreError;
use stakepool_core::ticket::Verdict;
use stakepool_core::voting::{TicketReport, TicketState};

use super::list::List;
use crate::app::App;
use crate::missed::Cause;
use crate::when::{BlockTime, When};

/// A row.
#[derive(Debug, Serialize)]
pub struct Row {
    ticket: String,
    state: &'static str,
    price: String,
    bought: When,
    /// The moment that matters for the list.
    moment: Option<When>,
    /// When a voted ticket's money can be spent, while that lies ahead.
    spendable: Option<When>,
    /// Why the ticket is ignored, or was missed.
    problem: Option<String>,
    added: bool,
}

/// The rows of a page.
///
/// # Errors
/// [`StoreError`] where the votes of missed tickets cannot be read.
pub async fn rows(
    app: &App,
    reports: &[TicketReport],
    list: &List,
    params: &Params,
    time: &BlockTime,
) -> Result<Vec<Row>, StoreError> {
    let prices = aligned(&reports.iter().map(|report| report.facts.price).collect::<Vec<_>>());
    let reasons = try_join_all(reports.iter().map(|report| reason(app, report))).await?;
    let rows = reports.iter().zip(prices).zip(reasons).map(|((report, price), problem)| Row {
        ticket: report.ticket.to_string(),
        state: report.state.name(),
        price,
        bought: time.of(report.facts.mined_at),
        moment: moment(report, list, params).map(|block| time.of(block)),
        spendable: spendable(report, params).map(|block| time.of(block)).filter(|when| when.to_come),
        problem,
        added: report.added,
    });
    Ok(rows.collect())
}

fn moment(report: &TicketReport, list: &List, params: &Params) -> Option<BlockHeight> {
    let after = |blocks: u32| BlockHeight(report.facts.mined_at.0.saturating_add(blocks));
    match list.state? {
        TicketState::Immature => Some(after(params.ticket_maturity)),
        TicketState::Live => Some(after(params.ticket_maturity.saturating_add(params.ticket_expiry))),
        TicketState::Voted | TicketState::Missed | TicketState::Expired => report.ended_at,
    }
}

/// What a vote pays back lies as long as what a miner earns.
fn spendable(report: &TicketReport, params: &Params) -> Option<BlockHeight> {
    let ended = report.ended_at.filter(|_| report.state == TicketState::Voted)?;
    Some(BlockHeight(ended.0.saturating_add(params.coinbase_maturity)))
}

async fn reason(app: &App, report: &TicketReport) -> Result<Option<String>, StoreError> {
    let fee = fee_problem(report);
    if report.state != TicketState::Missed || report.is_ignored() {
        return Ok(fee);
    }
    Ok(Some(Cause::find(app.services.ledger.as_ref(), report).await?.for_user()))
}

/// Why a ticket is ignored, or was until an administrator added it.
pub fn fee_problem(report: &TicketReport) -> Option<String> {
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

/// Amounts with equally many digits behind the point, at least two, so that they stand one below the other.
fn aligned(amounts: &[Amount]) -> Vec<String> {
    let digits = |amount: &Amount| excc(*amount).split_once('.').map_or(0, |(_, digits)| digits.len());
    let most = amounts.iter().map(digits).max().unwrap_or(0).max(2);
    // Amounts are shown with eight digits.
    let cut = |amount: &Amount| {
        let mut text = amount.to_string();
        text.truncate(text.len().saturating_sub(8 - most.min(8)));
        text
    };
    amounts.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_without_idle_zeros_or_one_below_the_other() {
        for (atoms, text) in [(0, "0"), (100_000_000, "1"), (2_050_000_000, "20.5"), (-1, "-0.00000001")] {
            assert_eq!(excc(Amount::from_atoms(atoms)), text);
        }
        let aligned =
            |atoms: &[i64]| aligned(&atoms.iter().map(|atoms| Amount::from_atoms(*atoms)).collect::<Vec<_>>());
        assert_eq!(aligned(&[100_000_000, 2_051_000_000]), ["1.00", "20.51"]);
        assert_eq!(aligned(&[100_000_000, 1]), ["1.00000000", "0.00000001"]);
        assert!(aligned(&[]).is_empty());
    }
}
