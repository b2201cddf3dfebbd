//! The latest votes of a daemon: for a web that was away, and to say what became of a ticket that was missed.

use std::collections::VecDeque;

use super::winners::SignedBy;
use crate::chain::TicketHash;
use crate::reports::VoteRecord;

/// How many votes of each kind are kept.
const REMEMBER_VOTES: usize = 1000;

/// The latest votes, the last one last.
#[derive(Debug, Default)]
pub(super) struct LatestVotes {
    /// Those that the web is told of; they are kept over restarts of the daemon.
    pool: VecDeque<VoteRecord>,
    /// Those of tickets with keys of their own, of this run.
    by_own_key: VecDeque<VoteRecord>,
}

impl LatestVotes {
    /// With what was kept of the run before.
    pub(super) fn restored(pool: Vec<VoteRecord>) -> Self {
        Self { pool: pool.into(), by_own_key: VecDeque::new() }
    }

    /// Adds a vote; the oldest of its kind goes where there are too many.
    pub(super) fn remember(&mut self, record: VoteRecord, signed_by: SignedBy) {
        let latest = match signed_by {
            SignedBy::Pool => &mut self.pool,
            SignedBy::OwnKey => &mut self.by_own_key,
        };
        if latest.len() == REMEMBER_VOTES {
            latest.pop_front();
        }
        latest.push_back(record);
    }

    /// Those that the web is told of.
    pub(super) fn of_pool(&self) -> impl Iterator<Item = &VoteRecord> {
        self.pool.iter()
    }

    /// The last vote of a ticket, whoever signed it.
    pub(super) fn of_ticket(&self, ticket: &TicketHash) -> Option<&VoteRecord> {
        self.pool.iter().chain(&self.by_own_key).rev().find(|vote| vote.ticket == *ticket)
    }
}
