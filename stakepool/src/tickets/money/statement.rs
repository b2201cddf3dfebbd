//! What happened to a user's coins, one event after the other: for the books, and for the tax office.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, Params, TicketHash, TxHash};
use stakepool_core::ports::{StoreError, TicketOrder, TicketQuery};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

use super::fold::Moment;
use super::year::Year;
use crate::parts::Parts;
use crate::tickets::reward::{Reward, minus, pays_pool};

/// Tickets that are read at once.
const CHUNK: u64 = 5_000;

/// What moved coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A ticket was bought: its price is locked.
    Bought,
    /// It voted: its price came back with a reward.
    Voted,
    /// It was revoked after a miss or at its end: its price came back without one.
    Revoked,
}

impl EventKind {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Voted => "voted",
            Self::Revoked => "revoked",
        }
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyEvent {
    /// When: the time of its block, or an estimate.
    pub time: UnixTime,
    /// The time is estimated from the number of blocks since.
    pub is_estimate: bool,
    /// What.
    pub kind: EventKind,
    /// The ticket.
    pub ticket: TicketHash,
    /// The transaction that did it, where it is known. That of a purchase is the ticket.
    pub transaction: Option<TxHash>,
    /// The block.
    pub block: BlockHeight,
    /// The price of the ticket.
    pub price: Amount,
    /// What came back beyond the price; less than nothing where a revocation costs a fee.
    pub reward: Amount,
    /// The part of what came back that the pool got.
    pub to_pool: Amount,
    /// The vote is not known: its amounts follow from the rules of the chain and from what the ticket commits.
    pub is_by_rule: bool,
}

impl MoneyEvent {
    /// What is left of the reward for the user.
    pub const fn net(&self) -> Amount {
        minus(self.reward, self.to_pool)
    }
}

/// What happened to the coins of a user's tickets in a year, the first event first. The best height is `tip`.
///
/// # Errors
/// [`StoreError`].
pub async fn events(
    parts: &Parts,
    params: &Params,
    user: UserId,
    year: Year,
    tip: BlockHeight,
) -> Result<Vec<MoneyEvent>, StoreError> {
    let moment = Moment { now: parts.clock.now(), tip, params };
    let query = TicketQuery { user: Some(user), order: TicketOrder::Oldest, limit: CHUNK, ..TicketQuery::default() };
    let (mut offset, mut events) = (0, Vec::new());
    loop {
        let page = parts.ledger.tickets(&TicketQuery { offset, ..query.clone() }).await?;
        let of_tickets = page.tickets.iter().flat_map(|report| [bought(report, &moment), came_back(report, &moment)]);
        events.extend(of_tickets.flatten().filter(|event| Year::of(event.time) == year));
        offset += CHUNK;
        if (page.tickets.len() as u64) < CHUNK {
            break;
        }
    }
    events.sort_by_key(|event| (event.time, event.kind, event.block));
    Ok(events)
}

fn bought(report: &TicketReport, moment: &Moment<'_>) -> Option<MoneyEvent> {
    let block = report.facts.mined_at;
    Some(MoneyEvent {
        time: report.times.mined.unwrap_or_else(|| moment.estimate(block)),
        is_estimate: report.times.mined.is_none(),
        kind: EventKind::Bought,
        ticket: report.ticket,
        transaction: Some(report.ticket.into()),
        block,
        price: report.facts.price,
        reward: Amount::ZERO,
        to_pool: Amount::ZERO,
        is_by_rule: false,
    })
}

fn came_back(report: &TicketReport, moment: &Moment<'_>) -> Option<MoneyEvent> {
    let ended_at = report.ended_at?;
    let (kind, reward) = match (report.state, report.revoked, report.spend) {
        (TicketState::Voted, _, _) => (EventKind::Voted, Reward::of(report, moment.params)?),
        (TicketState::Missed | TicketState::Expired, true, Some(spend)) => {
            let to_pool = if pays_pool(report) { spend.first } else { Amount::ZERO };
            (EventKind::Revoked, Reward::known(report.facts.price, spend.paid, to_pool))
        }
        (TicketState::Missed | TicketState::Expired, true, None) => {
            let nothing = Reward::known(Amount::ZERO, Amount::ZERO, Amount::ZERO);
            (EventKind::Revoked, Reward { is_by_rule: true, ..nothing })
        }
        _ => return None,
    };
    let block = report.spend.map_or(ended_at, |spend| spend.mined_at);
    let header = report.spend.and_then(|spend| spend.time).or(report.times.ended);
    Some(MoneyEvent {
        time: header.unwrap_or_else(|| moment.estimate(block)),
        is_estimate: header.is_none(),
        kind,
        ticket: report.ticket,
        transaction: report.spend.map(|spend| spend.transaction),
        block,
        price: report.facts.price,
        reward: reward.whole,
        to_pool: reward.to_pool,
        is_by_rule: reward.is_by_rule,
    })
}
