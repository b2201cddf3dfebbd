//! What the daemon's services have the engine do, and ask of it.

use std::sync::Arc;

use super::engine::Engine;
use crate::desired::{AddedTicket, DesiredState, DesiredUser};
use crate::ports::{EventBatch, EventCursor, LowFeeEntry};
use crate::reports::DaemonEventKind;

impl Engine {
    /// Takes the users and added tickets that every daemon should have, in the place of all it had.
    pub fn put_desired(&self, desired: DesiredState) {
        self.change_desired(true, |current| *current = desired);
    }

    /// Replaces the users alone (the predecessor's `SetUserVotingPrefs`).
    pub fn set_users(&self, users: impl IntoIterator<Item = DesiredUser>) {
        self.change_desired(true, |desired| desired.set_users(users));
    }

    /// Replaces the added tickets alone (the predecessor's `SetAddedLowFeeTickets`).
    pub fn set_added(&self, added: impl IntoIterator<Item = AddedTicket>) {
        self.change_desired(false, |desired| desired.set_added(added));
    }

    fn change_desired(&self, users_are_known: bool, change: impl FnOnce(&mut DesiredState)) {
        let missing = {
            let mut lottery = self.lottery_mut();
            let mut desired = DesiredState::clone(lottery.desired());
            change(&mut desired);
            if users_are_known {
                lottery.stop_trusting();
            }
            lottery.set_desired(desired)
        };
        if users_are_known {
            self.note_users();
            self.solved("state");
        }
        self.users_missing(missing);
        self.publish_reports();
        self.desired_changed.notify_one();
        self.save_soon.notify_one();
    }

    /// The users and added tickets as they were last set.
    pub fn desired(&self) -> Arc<DesiredState> {
        Arc::clone(self.lottery().desired())
    }

    /// Tickets of users that are voted or ignored, immature ones included.
    pub fn tickets(&self, voted: bool) -> Vec<LowFeeEntry> {
        self.lottery().current(voted).map(|(ticket, address)| LowFeeEntry { ticket, address }).collect()
    }

    /// How many tickets of users are voted and how many ignored, immature ones included.
    pub fn ticket_counts(&self) -> (u64, u64) {
        let lottery = self.lottery();
        (lottery.current(true).count() as u64, lottery.current(false).count() as u64)
    }

    /// Events behind a place, without waiting.
    pub fn events(&self, after: EventCursor) -> EventBatch {
        self.journal().behind(after, || {
            let tickets = self.lottery().all_reports().into_iter().map(DaemonEventKind::Ticket);
            let votes = self.latest_votes().iter().cloned().map(DaemonEventKind::Vote).collect::<Vec<_>>();
            tickets.chain(votes).collect()
        })
    }

    /// Waits until there are events behind a place.
    pub async fn wait_for_events(&self, after: EventCursor) {
        self.journal().wait_behind(after).await;
    }
}
