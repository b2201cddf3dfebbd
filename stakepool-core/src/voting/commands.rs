//! What the daemon's services have the engine do, and ask of it.

use std::sync::Arc;
use std::time::Duration;

use super::desired_source::Sent;
use super::engine::Engine;
use crate::desired::{AddedTicket, DesiredState, DesiredUser, FeeIndexes};
use crate::ports::{EventBatch, EventCursor, LowFeeEntry};
use crate::reports::DaemonEventKind;
use crate::time::UnixTime;

/// How long an old state file stays a problem: nothing mends it.
const STATE_STANDS: Duration = Duration::from_secs(3600);

impl Engine {
    /// Takes the users and added tickets that every daemon should have, in the place of all it had.
    pub fn put_desired(&self, desired: DesiredState) {
        self.take_sent(Sent::ALL, |current| *current = desired);
    }

    /// Replaces the users alone (the predecessor's `SetUserVotingPrefs`).
    pub fn set_users(&self, users: impl IntoIterator<Item = DesiredUser>) {
        self.take_sent(Sent::USERS, |desired| desired.set_users(users));
    }

    /// Replaces the added tickets alone (the predecessor's `SetAddedLowFeeTickets`).
    pub fn set_added(&self, added: impl IntoIterator<Item = AddedTicket>) {
        self.take_sent(Sent::ADDED, |desired| desired.set_added(added));
    }

    /// What is sent counts more than what a source has, from now on.
    fn take_sent(&self, parts: Sent, change: impl FnOnce(&mut DesiredState)) {
        self.change_desired(parts.users, |desired| {
            self.source.note_sent(parts);
            change(desired);
        });
    }

    /// Changes the desired state, under the lottery's lock, and what follows from it.
    pub(super) fn change_desired(&self, users_are_known: bool, change: impl FnOnce(&mut DesiredState)) {
        {
            let mut lottery = self.lottery_mut();
            let mut desired = DesiredState::clone(lottery.desired());
            change(&mut desired);
            lottery.set_desired(desired);
        }
        self.judge_by_terms();
        if users_are_known {
            self.note_users();
            self.solved("state");
        }
        self.check_bits();
        self.check_voting_key();
        self.publish_reports();
        self.keys_soon.notify_one();
        self.desired_changed.notify_one();
        self.save_soon.notify_one();
    }

    /// Has tickets judged by the terms that were last set. New keys are derived while nobody waits for the lottery.
    fn judge_by_terms(&self) {
        let (evaluator, terms) = {
            let lottery = self.lottery();
            let terms = lottery.desired().terms().clone();
            if *lottery.evaluator().history() == terms {
                return;
            }
            (lottery.evaluator().clone(), terms)
        };
        match evaluator.with_history(terms) {
            Ok(evaluator) => self.lottery_mut().set_evaluator(evaluator),
            Err(error) => {
                tracing::error!(%error, "the terms that the web sent are not used: a key of theirs has no addresses")
            }
        }
    }

    /// The users and added tickets as they were last set.
    pub fn desired(&self) -> Arc<DesiredState> {
        Arc::clone(self.lottery().desired())
    }

    /// How far the addresses of fee keys were given, by any desired state that was ever set.
    pub fn fee_indexes(&self) -> FeeIndexes {
        self.lottery().fee_indexes().clone()
    }

    /// Tickets of the pool that are voted or ignored, immature ones included.
    pub fn tickets(&self, voted: bool) -> Vec<LowFeeEntry> {
        self.lottery().current(voted).map(|(ticket, address)| LowFeeEntry { ticket, address }).collect()
    }

    /// Events behind a place, without waiting.
    pub fn events(&self, after: EventCursor) -> EventBatch {
        self.compare_epochs(after);
        self.journal().behind(after, || {
            let tickets = self.lottery().all_reports().into_iter().map(DaemonEventKind::Ticket);
            let votes = self.latest_votes().all().cloned().map(DaemonEventKind::Vote).collect::<Vec<_>>();
            tickets.chain(votes).collect()
        })
    }

    /// Whoever asks for events has seen a later run of this daemon than the one whose state it began with: that state is an
    /// older one, or was lost.
    fn compare_epochs(&self, seen: EventCursor) {
        if seen.epoch == 0 || seen.epoch == self.epoch() {
            return;
        }
        let what = match self.restored_epoch() {
            Some(restored) if seen.epoch <= restored => return,
            Some(restored) => {
                // Epochs are the times of starts, in milliseconds.
                let began = |epoch: u64| UnixTime(i64::try_from(epoch / 1000).unwrap_or(i64::MAX)).readable();
                format!(
                    "this daemon began with an old state file: it is of the run that began at {}, but the web has seen the run of \
                     {}. Verdicts, users and votes since then are taken from the chain and the web: check datadir",
                    began(restored),
                    began(seen.epoch)
                )
            }
            None => "this daemon began without a state file although the web has seen earlier runs of it: verdicts on tickets are \
                     given anew, and users come from the web: check datadir"
                .to_owned(),
        };
        self.happened("old state", what, STATE_STANDS);
    }

    /// Waits until there are events behind a place.
    pub async fn wait_for_events(&self, after: EventCursor) {
        self.journal().wait_behind(after).await;
    }
}
