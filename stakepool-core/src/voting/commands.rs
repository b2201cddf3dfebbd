//! What the engine is told and asked by the daemon's services.

use std::sync::Arc;

use super::engine::{Engine, lock, read, write};
use crate::desired::{AddedTicket, DesiredState, DesiredUser};
use crate::ports::{EventBatch, EventCursor, LowFeeEntry};
use crate::reports::DaemonEventKind;

impl Engine {
    /// Takes the users and added tickets that the web wants.
    pub fn put_desired(&self, wanted: DesiredState) {
        self.take_wanted(true, |current| *current = wanted);
    }

    /// Replaces the users alone (the predecessor's `SetUserVotingPrefs`).
    pub fn set_users(&self, users: impl IntoIterator<Item = DesiredUser>) {
        self.take_wanted(true, |wanted| wanted.set_users(users));
    }

    /// Replaces the added tickets alone (the predecessor's `SetAddedLowFeeTickets`).
    pub fn set_added(&self, added: impl IntoIterator<Item = AddedTicket>) {
        self.take_wanted(false, |wanted| wanted.set_added(added));
    }

    fn take_wanted(&self, users_are_known: bool, change: impl FnOnce(&mut DesiredState)) {
        let missing = {
            let mut pool = write(&self.pool);
            let mut wanted = DesiredState::clone(pool.wanted());
            change(&mut wanted);
            if users_are_known {
                pool.stop_trusting();
            }
            pool.set_wanted(wanted)
        };
        if users_are_known {
            *lock(&self.has_users) = true;
            self.solved("state");
        }
        if missing == 0 {
            self.solved("wanted");
        } else {
            let what = "users with tickets are missing from what the web sent; they are voted for as before: check the \
                        web's database";
            self.problem("wanted", format!("{missing} {what}"));
        }
        self.publish_reports();
        self.wanted_changed.notify_one();
        self.save_wanted.notify_one();
    }

    /// The users and added tickets as they were last set.
    pub fn wanted(&self) -> Arc<DesiredState> {
        Arc::clone(read(&self.pool).wanted())
    }

    /// Whether users were ever set, now or in an earlier run.
    pub fn has_users(&self) -> bool {
        *lock(&self.has_users)
    }

    pub(super) fn publish_reports(&self) {
        // Under the pool's lock, so that two reports on one ticket come in their order.
        let mut pool = write(&self.pool);
        let reports = pool.take_reports();
        self.journal.append(reports.into_iter().map(DaemonEventKind::Ticket));
    }

    /// Tickets of users that are voted or ignored, immature ones included.
    pub fn tickets(&self, voted: bool) -> Vec<LowFeeEntry> {
        read(&self.pool).current(voted).map(|(ticket, address)| LowFeeEntry { ticket, address }).collect()
    }

    /// How many tickets of users are voted and how many ignored, immature ones included.
    pub fn ticket_counts(&self) -> (u64, u64) {
        let pool = read(&self.pool);
        (pool.current(true).count() as u64, pool.current(false).count() as u64)
    }

    /// Events behind a place, without waiting.
    pub fn events(&self, after: EventCursor) -> EventBatch {
        self.journal.behind(after, || {
            let tickets = read(&self.pool).all_reports().into_iter().map(DaemonEventKind::Ticket);
            let votes = lock(&self.latest_votes).iter().cloned().map(DaemonEventKind::Vote).collect::<Vec<_>>();
            tickets.chain(votes).collect()
        })
    }

    /// Waits until there are events behind a place.
    pub async fn wait_for_events(&self, after: EventCursor) {
        self.journal.wait_behind(after).await;
    }
}
