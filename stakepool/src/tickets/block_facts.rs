//! Fills in what the ledger does not know of tickets, from the blocks: the times of what happened before daemons reported them, and
//! votes that none of them saw. One instance does it, a few blocks at a time, and begins where something is lacking.

use std::collections::BTreeSet;
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, Params};
use stakepool_core::ports::{DaemonError, Lease, MOST_BLOCKS, StoreError};
use stakepool_core::reports::{BlockFacts, TicketReport, TicketState};
use tokio::time::sleep;

use crate::parts::Parts;

/// The work of which one instance has the lease, and how long it has it without asking again.
const WORK: &str = "block facts";
const LEASE: Duration = Duration::from_secs(60);
/// How long to wait at the start, while the daemons are just being reached.
const AT_START: Duration = Duration::from_secs(5);
/// The pause between two looks whether something is lacking, and between two passes that find nothing new: blocks may be missing
/// from the chain that a node has.
const LOOK: Duration = Duration::from_secs(20);
const REST: Duration = Duration::from_secs(600);
/// The pause between two calls, so that daemons and their nodes have time for all else.
const EASE: Duration = Duration::from_millis(100);
/// Tickets that are worked through together.
const TOGETHER: u64 = 500;

/// Why a pass ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// No daemon reads blocks.
    #[error("no voting daemon reads blocks: {0}")]
    NoDaemon(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works for ever.
pub(crate) async fn keep(parts: &Parts, params: &Params, instance: &str) {
    sleep(AT_START).await;
    loop {
        let pause = match look(parts, params, instance).await {
            Ok(Some(0)) => REST,
            Ok(_) => LOOK,
            Err(error) => {
                tracing::debug!(%error, "what tickets lack is not filled in now");
                REST.min(LOOK * 3)
            }
        };
        sleep(pause).await;
    }
}

/// One pass, where something is lacking and the work is this instance's: how many tickets changed.
async fn look(parts: &Parts, params: &Params, instance: &str) -> Result<Option<u64>, FactsError> {
    if parts.money.count_lacking_facts().await? == 0 {
        return Ok(None);
    }
    let now = parts.clock.now();
    let Some(lease) = parts.leases.lease(WORK, instance, now, now.plus(LEASE)).await? else { return Ok(None) };
    fill_under(parts, params, Some((instance, &lease))).await.map(Some)
}

/// Fills in what blocks say of all tickets that lack something. Returns how many changed.
///
/// # Errors
/// [`FactsError`].
pub async fn fill(parts: &Parts, params: &Params) -> Result<u64, FactsError> {
    fill_under(parts, params, None).await
}

/// The same, for as long as the instance has the lease of the work.
async fn fill_under(parts: &Parts, params: &Params, turn: Option<(&str, &Lease)>) -> Result<u64, FactsError> {
    let (mut after, mut changed) = (None, 0);
    loop {
        let lacking = parts.money.lacking_facts(after.as_ref(), TOGETHER).await?;
        let Some(last) = lacking.last() else { return Ok(changed) };
        after = Some(last.ticket);
        let wanted: Vec<_> = lacking.iter().map(|report| (report.ticket, heights(report, params))).collect();
        let all: BTreeSet<_> = wanted.iter().flat_map(|(_, heights)| heights).copied().collect();
        let all: Vec<_> = all.into_iter().collect();
        for heights in all.chunks(MOST_BLOCKS) {
            if !goes_on(parts, turn).await? {
                return Ok(changed);
            }
            let blocks = blocks(parts, heights).await?;
            let concerned = wanted.iter().filter(|(_, wanted)| wanted.iter().any(|height| heights.contains(height)));
            let tickets: Vec<_> = concerned.map(|(ticket, _)| *ticket).collect();
            let now = parts.clock.now();
            changed += parts.money.fill_facts(&tickets, &blocks, params.ticket_maturity, now).await?;
            sleep(EASE).await;
        }
    }
}

/// Whether nobody else was given the work, which is kept for another while.
async fn goes_on(parts: &Parts, turn: Option<(&str, &Lease)>) -> Result<bool, StoreError> {
    let Some((instance, lease)) = turn else { return Ok(true) };
    let now = parts.clock.now();
    let held = parts.leases.lease(WORK, instance, now, now.plus(LEASE)).await?;
    Ok(held.is_some_and(|held| held == *lease))
}

/// The blocks that say what a ticket lacks. Revocations that consensus makes are in the block of the end or behind it.
fn heights(report: &TicketReport, params: &Params) -> Vec<BlockHeight> {
    let (times, mined_at) = (&report.times, report.facts.mined_at);
    let matured_at = mined_at.plus(params.ticket_maturity);
    let mut heights = Vec::new();
    let mut want = |is_lacking: bool, height: BlockHeight| {
        if is_lacking {
            heights.push(height);
        }
    };
    want(times.mined.is_none(), mined_at);
    want(times.matured.is_none() && report.state != TicketState::Immature, matured_at);
    if let Some(ended_at) = report.ended_at.filter(|_| report.state.is_over()) {
        let is_drawn = report.state != TicketState::Expired;
        let is_spent = report.state == TicketState::Voted || report.revoked;
        want(is_drawn && times.drawn.is_none(), ended_at.minus(1));
        want(times.ended.is_none() || is_spent && report.spend.is_none(), ended_at);
        want(report.revoked && report.spend.is_none(), ended_at.plus(1));
    }
    heights
}

/// What the first daemon says that reads blocks.
async fn blocks(parts: &Parts, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, FactsError> {
    let mut reasons = Vec::new();
    for daemon in &parts.daemons {
        match daemon.blocks(heights).await {
            Ok(blocks) => return Ok(blocks),
            Err(error @ DaemonError::Unsupported { .. }) => reasons.push(error.to_string()),
            Err(error) => reasons.insert(0, error.to_string()),
        }
    }
    Err(FactsError::NoDaemon(reasons.into_iter().next().unwrap_or_else(|| "the pool has none".to_owned())))
}
