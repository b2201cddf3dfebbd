//! The latest votes of a daemon: for a web that was away, and to say what became of a ticket that was missed. They are kept over
//! restarts of the daemon.

use std::collections::VecDeque;

use crate::chain::{AddressKind, TicketHash};
use crate::reports::VoteRecord;

/// How many votes are kept of users' tickets, and how many of those with keys of their own: neither crowds out the other.
const REMEMBER_VOTES: usize = 1000;

/// The latest votes, the last one last.
#[derive(Debug, Default)]
pub(super) struct LatestVotes {
    /// Those of users' tickets.
    users: VecDeque<VoteRecord>,
    /// Those of tickets with keys of their own.
    by_own_key: VecDeque<VoteRecord>,
}

impl LatestVotes {
    /// With what was kept of the run before.
    pub(super) fn restored(votes: Vec<VoteRecord>) -> Self {
        let mut latest = Self::default();
        votes.into_iter().for_each(|vote| latest.remember(vote));
        latest
    }

    /// Adds a vote; the oldest of its kind goes where there are too many.
    pub(super) fn remember(&mut self, record: VoteRecord) {
        let is_by_own_key = matches!(record.address.kind(), AddressKind::PubKeyHash(_));
        let latest = if is_by_own_key { &mut self.by_own_key } else { &mut self.users };
        if latest.len() == REMEMBER_VOTES {
            latest.pop_front();
        }
        latest.push_back(record);
    }

    /// All of them: those of users' tickets first.
    pub(super) fn all(&self) -> impl Iterator<Item = &VoteRecord> {
        self.users.iter().chain(&self.by_own_key)
    }

    /// The last vote of a ticket, whoever signed it.
    pub(super) fn of_ticket(&self, ticket: &TicketHash) -> Option<&VoteRecord> {
        self.users.iter().rev().chain(self.by_own_key.iter().rev()).find(|vote| vote.ticket == *ticket)
    }
}
