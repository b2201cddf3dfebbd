//! The records of votes, those of one ticket on one block together: several daemons vote the same one, and one is enough.

use serde::Serialize;
use stakepool::tickets::millis;
use stakepool_core::ports::{LedgerStore, StoreError, StoredVote, VoteOverview};
use stakepool_core::reports::VoteOutcome;
use stakepool_core::time::UnixTime;

/// Most records of one ticket that are looked at.
const MOST_RECORDS: u64 = 1000;

/// What the daemons did for one ticket on one block.
#[derive(Serialize)]
pub(super) struct Group {
    ticket: String,
    user: Option<i64>,
    state: Option<&'static str>,
    height: u32,
    at: String,
    /// Who sent the vote, and after how many milliseconds; nothing where nobody did.
    sent: Option<(String, String)>,
    /// Whether it should be looked at: nobody cast the vote, or one could not.
    is_exception: bool,
    records: Vec<Record>,
}

/// What one daemon did.
#[derive(Serialize)]
struct Record {
    daemon: String,
    outcome: &'static str,
    problem: Option<String>,
    attempts: u32,
    total: String,
    signing: String,
    sending: String,
}

impl From<&StoredVote> for Record {
    fn from(StoredVote { daemon, record }: &StoredVote) -> Self {
        Self {
            daemon: daemon.clone(),
            outcome: match record.outcome {
                VoteOutcome::Sent => "sent",
                VoteOutcome::AlreadyKnown => "another daemon was faster",
                VoteOutcome::RivalVote => "the node has another vote of it",
                VoteOutcome::Failed(_) => "failed",
            },
            problem: if let VoteOutcome::Failed(error) = &record.outcome { Some(error.clone()) } else { None },
            attempts: record.attempts,
            total: millis(record.timings.total),
            signing: millis(record.timings.signing),
            sending: millis(record.timings.sending),
        }
    }
}

/// The groups of a part of the list, in its order, each with all records of its ticket on its block: also those that are on another
/// part of the list, or that a filter leaves out.
pub(super) async fn of(ledger: &dyn LedgerStore, rows: &[VoteOverview]) -> Result<Vec<Group>, StoreError> {
    let mut firsts: Vec<&VoteOverview> = Vec::new();
    for row in rows {
        let record = &row.vote.record;
        let is_same = |first: &&VoteOverview| {
            first.vote.record.ticket == record.ticket && first.vote.record.block == record.block
        };
        if !firsts.iter().any(is_same) {
            firsts.push(row);
        }
    }
    let mut groups = Vec::with_capacity(firsts.len());
    for first in firsts {
        let record = &first.vote.record;
        let mut all = ledger.votes(Some(&record.ticket), MOST_RECORDS).await?;
        all.retain(|vote| vote.record.block == record.block);
        groups.push(group(first, &all));
    }
    Ok(groups)
}

fn group(first: &VoteOverview, all: &[StoredVote]) -> Group {
    let record = &first.vote.record;
    let sent = all.iter().find(|vote| vote.record.outcome == VoteOutcome::Sent);
    let is_cast = all.iter().any(|vote| vote.record.outcome.is_cast());
    let has_failed = all.iter().any(|vote| matches!(vote.record.outcome, VoteOutcome::Failed(_)));
    Group {
        ticket: record.ticket.to_string(),
        user: first.ticket.and_then(|(user, _)| user).map(|user| user.0),
        state: first.ticket.map(|(_, state)| state.name()),
        height: record.height.0,
        at: UnixTime(record.at.0.div_euclid(1000)).readable(),
        sent: sent.map(|vote| (vote.daemon.clone(), millis(vote.record.timings.total))),
        is_exception: !is_cast || has_failed,
        records: all.iter().map(Record::from).collect(),
    }
}
