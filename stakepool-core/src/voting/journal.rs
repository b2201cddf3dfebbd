//! The latest events of a daemon, for readers that come and go.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::ports::{EventBatch, EventCursor};
use crate::reports::{DaemonEvent, DaemonEventKind};

/// How many events are kept for readers; who falls behind further gets a snapshot.
const CAPACITY: usize = 20_000;
/// How many events one answer holds at most.
const BATCH: usize = 2_000;

/// A bounded log of events with increasing sequence numbers.
#[derive(Debug)]
pub struct Journal {
    epoch: u64,
    events: Mutex<Events>,
    grown: Notify,
}

#[derive(Debug, Default)]
struct Events {
    kept: VecDeque<DaemonEvent>,
    last_seq: u64,
}

impl Journal {
    /// An empty journal. `epoch` must grow with every start of the daemon.
    pub fn new(epoch: u64) -> Self {
        Self { epoch, events: Mutex::default(), grown: Notify::new() }
    }

    /// The epoch.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends events.
    pub fn append(&self, kinds: impl IntoIterator<Item = DaemonEventKind>) {
        let mut events = self.lock();
        let before = events.last_seq;
        for kind in kinds {
            events.last_seq += 1;
            let seq = events.last_seq;
            events.kept.push_back(DaemonEvent { seq, kind });
            if events.kept.len() > CAPACITY {
                events.kept.pop_front();
            }
        }
        if events.last_seq != before {
            drop(events);
            self.grown.notify_waiters();
        }
    }

    /// Waits until there is an event behind `after`; at once where `after` is of another epoch or too old.
    pub async fn wait_behind(&self, after: EventCursor) {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if after.epoch != self.epoch || after.seq != self.lock().last_seq {
                return;
            }
            grown.await;
        }
    }

    /// Events behind `after`; where they are no longer kept, `snapshot` makes the answer in their place.
    pub fn behind(&self, after: EventCursor, snapshot: impl FnOnce() -> Vec<DaemonEventKind>) -> EventBatch {
        let events = self.lock();
        let first_kept = events.kept.front().map_or(events.last_seq + 1, |event| event.seq);
        if after.epoch == self.epoch && after.seq <= events.last_seq && after.seq + 1 >= first_kept {
            let skip = usize::try_from(after.seq + 1 - first_kept).unwrap_or(usize::MAX);
            let batch: Vec<_> = events.kept.iter().skip(skip).take(BATCH).cloned().collect();
            let seq = batch.last().map_or(after.seq, |event| event.seq);
            return EventBatch { next: EventCursor { epoch: self.epoch, seq }, snapshot: false, events: batch };
        }
        let seq = events.last_seq;
        // The lock is let go first: making a snapshot takes the pool's lock, whose holders append here. What is
        // appended meanwhile is in the snapshot and comes once more behind it, which does no harm.
        drop(events);
        let events = snapshot().into_iter().map(|kind| DaemonEvent { seq, kind }).collect();
        EventBatch { next: EventCursor { epoch: self.epoch, seq }, snapshot: true, events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{BlockHash, BlockHeight, Hash160, Network, ScriptAddress, TicketHash, VoteBits};
    use crate::reports::{VoteOutcome, VoteRecord, VoteTimings};
    use crate::time::UnixMillis;

    fn vote(n: u32) -> DaemonEventKind {
        DaemonEventKind::Vote(VoteRecord {
            ticket: TicketHash::from_bytes([0; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([0; 20])).into(),
            block: BlockHash::from_bytes([0; 32]),
            height: BlockHeight(n),
            bits: VoteBits::APPROVE,
            outcome: VoteOutcome::Sent,
            attempts: 1,
            timings: VoteTimings::default(),
            at: UnixMillis(0),
        })
    }

    fn none() -> Vec<DaemonEventKind> {
        panic!("no snapshot is needed")
    }

    #[test]
    fn a_reader_gets_what_it_has_not_seen() {
        let journal = Journal::new(7);
        journal.append([vote(1), vote(2), vote(3)]);
        let batch = journal.behind(EventCursor { epoch: 7, seq: 1 }, none);
        assert_eq!(batch.events.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(batch.next, EventCursor { epoch: 7, seq: 3 });
        assert!(journal.behind(batch.next, none).events.is_empty());
    }

    #[test]
    fn a_reader_of_another_epoch_or_too_far_behind_gets_a_snapshot() {
        let journal = Journal::new(7);
        journal.append((0..CAPACITY as u32 + 10).map(vote));
        for cursor in [
            EventCursor { epoch: 6, seq: 5 },
            EventCursor { epoch: 7, seq: 3 },
            EventCursor { epoch: 7, seq: u64::MAX },
        ] {
            let batch = journal.behind(cursor, || vec![vote(9)]);
            assert!(batch.snapshot);
            assert_eq!(batch.events.len(), 1);
            assert_eq!(batch.next.seq, CAPACITY as u64 + 10);
        }
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes_for_the_next_event() {
        let journal = std::sync::Arc::new(Journal::new(1));
        let waiting = tokio::spawn({
            let journal = journal.clone();
            async move { journal.wait_behind(EventCursor { epoch: 1, seq: 0 }).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        journal.append([vote(1)]);
        waiting.await.unwrap();
    }
}
