//! The troubles that are there now.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{
    AdminStore, LedgerStore, Slice, StoreError, StoredVote, TicketOrder, TicketQuery, VoteOverview, VoteQuery,
};
use stakepool_core::reports::{TicketState, VoteOutcome, VoteOutcomeKind};
use stakepool_core::time::UnixTime;
use tokio::time::timeout;

use crate::alerts::since::Since;
use crate::database::DatabaseCondition;
use crate::pool::Pool;
use crate::status::{OpenTrouble, PoolStatus, Trouble};
use crate::tickets::{ALL_RECORDS, Cause};

/// How long the stores may take for one look.
const LIMIT: Duration = Duration::from_secs(20);
/// How many of the latest failures of daemons are looked at.
const FAILURES: u64 = 500;
/// How many of the latest misses are looked at.
const MISSES: u64 = 200;
/// How long other daemons have to report that they cast a vote that one could not cast.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// All troubles of the pool; of what happened only what is news `since` a moment.
pub(super) async fn all(pool: &Pool, status: &PoolStatus, since: &mut Since) -> Vec<Trouble> {
    let mut troubles = of_status(status);
    // A database that fails would only keep the alert about it waiting.
    if status.database.state != DatabaseCondition::Failing
        && let Ok(stored) = timeout(LIMIT, of_stores(pool, status, since)).await
    {
        troubles.extend(stored);
    }
    troubles
}

/// What the stores tell. Where one fails, the status says so.
async fn of_stores(pool: &Pool, status: &PoolStatus, since: &mut Since) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let (admin, ledger) = (pool.parts.admin.as_ref(), pool.parts.ledger.as_ref());
    if let Some(best) = status.height.map(BlockHeight) {
        let within = since.from..=pool.now().minus(PATIENCE);
        troubles.extend(of_votes(admin, ledger, &within, best).await.unwrap_or_default());
        troubles.extend(of_tickets(ledger, since.first_height(best)).await.unwrap_or_default());
    }
    troubles
}

/// What the status page shows.
fn of_status(status: &PoolStatus) -> Vec<Trouble> {
    status.troubles.iter().map(OpenTrouble::trouble).collect()
}

/// Votes on blocks that no daemon could cast, where the failure was reported `within` a span of time. What became of a vote
/// is known once the block has a child.
///
/// The daemon that failed may be long behind another that voted: every record of the ticket on the block is looked at.
async fn of_votes(
    admin: &dyn AdminStore,
    ledger: &dyn LedgerStore,
    within: &RangeInclusive<UnixTime>,
    best: BlockHeight,
) -> Result<Vec<Trouble>, StoreError> {
    let query = VoteQuery { outcome: Some(VoteOutcomeKind::Failed), ..VoteQuery::default() };
    let failed = admin.find_votes(&query, Slice { offset: 0, limit: FAILURES }).await?;
    let (mut seen, mut troubles) = (HashSet::new(), Vec::new());
    for VoteOverview { vote: StoredVote { record, .. }, ticket } in failed.rows {
        let in_time = within.contains(&UnixTime(record.at.0.div_euclid(1000)));
        // A ticket that voted was cast by somebody; one that lives on was drawn by a block that has left the chain.
        let is_lost = ticket.is_none_or(|(_, state)| state == TicketState::Missed);
        if !in_time || !is_lost || record.height >= best || !seen.insert((record.ticket, record.block)) {
            continue;
        }
        let all = ledger.votes(Some(&record.ticket), ALL_RECORDS).await?;
        if all.iter().any(|vote| vote.record.block == record.block && vote.record.outcome.is_cast()) {
            continue;
        }
        let VoteOutcome::Failed(why) = &record.outcome else { continue };
        let text = format!("no vote on block {}: {why}", record.height);
        troubles.push(Trouble::new(AlertKind::MissedVote, format!("ticket {}", record.ticket), text));
    }
    Ok(troubles)
}

/// Tickets of ours that won and were missed, whatever the daemons say of their votes, in blocks from `first` on.
async fn of_tickets(ledger: &dyn LedgerStore, first: BlockHeight) -> Result<Vec<Trouble>, StoreError> {
    let missed = TicketQuery {
        states: vec![TicketState::Missed],
        ignored: Some(false),
        ended_from: Some(first),
        order: TicketOrder::EndedLast,
        limit: MISSES,
        ..TicketQuery::default()
    };
    let mut troubles = Vec::new();
    for report in ledger.tickets(&missed).await?.tickets {
        let cause = Cause::find(ledger, &report).await?.for_operator();
        let height = report.ended_at.map(|height| format!(" at block {height}")).unwrap_or_default();
        let about = format!("ticket {}", report.ticket);
        troubles.push(Trouble::new(AlertKind::MissedVote, about, format!("missed{height}: {cause}")));
    }
    Ok(troubles)
}

#[cfg(test)]
mod tests;
