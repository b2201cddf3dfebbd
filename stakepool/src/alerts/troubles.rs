//! The troubles that are there now.

use std::collections::{BTreeMap, HashSet};
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

use crate::alerts::book::Trouble;
use crate::alerts::since::Since;
use crate::database::DatabaseCondition;
use crate::pool::Pool;
use crate::status::{DaemonCondition, DaemonReport, OwnProblem, PoolStatus, WalletCondition, WalletReport};
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
    if let Some(text) = pool.stale_fee_addresses().await {
        troubles.push(trouble(AlertKind::Disagreement, "fee addresses", text));
    }
    let (admin, ledger) = (pool.parts.admin.as_ref(), pool.parts.ledger.as_ref());
    if let Some(best) = status.height.map(BlockHeight) {
        let within = since.from..=pool.now().minus(PATIENCE);
        troubles.extend(of_votes(admin, ledger, &within, best).await.unwrap_or_default());
        troubles.extend(of_tickets(ledger, since.first_height(best)).await.unwrap_or_default());
    }
    troubles
}

fn trouble(kind: AlertKind, about: impl Into<String>, text: impl Into<String>) -> Trouble {
    Trouble { kind, about: about.into(), text: text.into() }
}

/// What the status page shows.
fn of_status(status: &PoolStatus) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !status.failures.is_empty() {
        troubles.push(trouble(AlertKind::Down, "the pool", status.failures.join("; ")));
    }
    troubles.extend(status.findings.iter().map(|found| trouble(found.kind, &found.about, &found.text)));
    troubles.extend(status.wallets.iter().flat_map(|wallet| of_wallet(wallet, status.lag_allowed)));
    troubles.extend(status.daemons.iter().flat_map(|daemon| of_daemon(daemon, status.lag_allowed)));
    troubles
}

fn of_wallet(wallet: &WalletReport, lag_allowed: u32) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, text: String| troubles.push(trouble(kind, format!("wallet {}", wallet.name), text));
    let error = || wallet.last_error.clone().unwrap_or_default();
    match wallet.state {
        WalletCondition::Unreachable => {
            add(AlertKind::WalletAway, error());
            // What it said of itself is old.
            return troubles;
        }
        WalletCondition::Disagrees => add(AlertKind::Disagreement, error()),
        WalletCondition::BeingRepaired => {
            let repair = wallet.repair.as_deref().unwrap_or_default();
            add(
                AlertKind::MissingScripts,
                format!("it lacks what is needed to vote for all users; {repair}, then it looks through the chain"),
            );
        }
        WalletCondition::Unknown | WalletCondition::InService => {}
    }
    if wallet.unlocked == Some(false) {
        add(AlertKind::WalletLocked, "it is locked and signs nothing: unlock it".to_owned());
    }
    if wallet.connected == Some(false) {
        add(AlertKind::NodeAway, "it is not connected to its node: start the node".to_owned());
    }
    if let Some(text) = &wallet.unknown_users {
        add(AlertKind::UnknownUsers, text.clone());
    }
    if let Some(lag) = wallet.lag.filter(|lag| *lag > lag_allowed) {
        add(AlertKind::Lag, format!("it is {lag} blocks behind"));
    }
    if !wallet.other_problems.is_empty() {
        add(AlertKind::Other, wallet.other_problems.join("; "));
    }
    troubles
}

fn of_daemon(daemon: &DaemonReport, lag_allowed: u32) -> Vec<Trouble> {
    let about = format!("daemon {}", daemon.name);
    let error = || daemon.last_error.clone().unwrap_or_default();
    let mut troubles = Vec::new();
    match daemon.state {
        DaemonCondition::Unknown => return troubles,
        // What it said of itself is old.
        DaemonCondition::OutOfSync => return vec![trouble(AlertKind::DaemonAway, about, error())],
        DaemonCondition::Refused => return vec![trouble(AlertKind::Disagreement, about, error())],
        DaemonCondition::InSync => {}
    }
    for wallet in &daemon.wallets {
        let of_wallet = format!("wallet {} of {about}", wallet.name);
        if !wallet.reachable {
            troubles.push(trouble(AlertKind::WalletAway, of_wallet, "it cannot be reached"));
        } else if !wallet.unlocked {
            troubles.push(trouble(AlertKind::WalletLocked, of_wallet, "it is locked and signs nothing: unlock it"));
        }
    }
    // The predecessor's daemons report nothing of their nodes.
    if daemon.id.is_some() && daemon.node_height.is_none() {
        let text = "no node answers it, so that it hears of no winning ticket: start its node";
        troubles.push(trouble(AlertKind::NodeAway, about.clone(), text));
    }
    if let Some(lag) = daemon.lag.filter(|lag| *lag > lag_allowed) {
        troubles.push(trouble(AlertKind::Lag, about.clone(), format!("it is {lag} blocks behind")));
    }
    troubles.extend(own_problems(daemon).into_iter().map(|(topic, texts)| {
        let about = topic.map_or_else(|| about.clone(), |topic| format!("{about} ({topic})"));
        trouble(AlertKind::Daemon, about, texts.join("; "))
    }));
    if !daemon.differences.is_empty() {
        troubles.push(trouble(AlertKind::Disagreement, about, daemon.differences.join("; ")));
    }
    troubles
}

/// What a daemon complains of, by what it is about, but for its wallets that are away or locked: those have kinds of their own.
/// One problem that stands for weeks must not hide another that begins meanwhile.
fn own_problems(daemon: &DaemonReport) -> BTreeMap<Option<&str>, Vec<&str>> {
    let is_known = |problem: &str| {
        let mut unable = daemon.wallets.iter().filter(|wallet| !wallet.reachable || !wallet.unlocked);
        unable.any(|wallet| problem.contains(&wallet.name))
    };
    let mut problems: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for OwnProblem { topic, text } in daemon.own_problems.iter().filter(|problem| !is_known(&problem.text)) {
        problems.entry(topic.as_deref()).or_default().push(text.as_str());
    }
    problems
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
        troubles.push(trouble(AlertKind::MissedVote, format!("ticket {}", record.ticket), text));
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
        troubles.push(trouble(AlertKind::MissedVote, about, format!("missed{height}: {cause}")));
    }
    Ok(troubles)
}

#[cfg(test)]
mod tests;
