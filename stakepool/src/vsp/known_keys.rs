//! The registered tickets with their keys, kept from one reading to the next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, PrivateKey, TicketHash};
use stakepool_core::ports::{KEYS_KEPT, KeyChanges, TicketKey};
use stakepool_core::vsp::FeeStatus;
use tokio::time::Instant;

/// How often all tickets are read, whatever has changed.
const READ_ALL: Duration = Duration::from_secs(600);

/// The tickets that have not ended or whose key is kept, as they were last read: only what has changed since is read again. The keys
/// lie in memory as long as daemons must have them, as those in the desired state do.
#[derive(Default)]
pub(super) struct KnownKeys {
    /// The number of the last change.
    up_to: Option<u64>,
    /// When all were read.
    all_read: Option<Instant>,
    /// The latest block in which a ticket has ended.
    last_end: Option<BlockHeight>,
    tickets: BTreeMap<TicketHash, Known>,
    difference: Option<Difference>,
}

/// That another number of tickets is to be voted than are known.
struct Difference {
    up_to: u64,
    to_be_voted: u64,
    /// Changes were read since: one that was on its way is no reason.
    is_lasting: bool,
    /// All were read because of it, which a row that cannot be read does not mend.
    is_read: bool,
}

/// A ticket, and its key.
pub(super) struct Known {
    pub(super) ticket: TicketKey,
    /// The key; `None` before it came, and where it cannot be opened.
    pub(super) key: Option<Arc<PrivateKey>>,
}

/// What daemons do with a ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// They vote it, or its vote may still be undone.
    Vote,
    /// They vote it no more.
    Withdrawn,
    /// It is nothing to them.
    None,
}

impl KnownKeys {
    /// The number of the last change that is known; `None` where all are to be read: an instance of an earlier version changes
    /// tickets, too, and numbers nothing.
    pub(super) fn up_to(&self) -> Option<u64> {
        self.up_to.filter(|_| self.all_read.is_some_and(|at| at.elapsed() < READ_ALL))
    }

    /// Compares with how many tickets are to be voted. Where that is another number, and stays so, all are read the next time, once.
    pub(super) fn compare(&mut self, to_be_voted: u64) {
        let Some(up_to) = self.up_to else { return };
        let open = self.used(Use::Vote).filter(|known| known.ticket.outcome.is_none()).count();
        if open as u64 == to_be_voted {
            self.difference = None;
            return;
        }
        match &mut self.difference {
            Some(known) if (known.up_to, known.to_be_voted) == (up_to, to_be_voted) => {
                if known.is_lasting && !known.is_read {
                    known.is_read = true;
                    self.up_to = None;
                }
            }
            _ => self.difference = Some(Difference { up_to, to_be_voted, is_lasting: false, is_read: false }),
        }
    }

    /// Takes over what has changed. `open` opens a key that is another one than before.
    pub(super) fn take(&mut self, changes: KeyChanges, open: impl Fn(&TicketKey) -> Option<Arc<PrivateKey>>) {
        let before = if changes.is_all { std::mem::take(&mut self.tickets) } else { BTreeMap::new() };
        (self.up_to, self.last_end) = (Some(changes.latest), changes.last_end);
        if let Some(difference) = &mut self.difference {
            difference.is_lasting = true;
        }
        if changes.is_all {
            self.all_read = Some(Instant::now());
        }
        for hash in changes.forgotten {
            self.tickets.remove(&hash);
        }
        for ticket in changes.tickets {
            if ticket.outcome.is_some() && ticket.voting_key.is_none() {
                self.tickets.remove(&ticket.ticket);
                continue;
            }
            let known = before.get(&ticket.ticket).or_else(|| self.tickets.get(&ticket.ticket));
            let known = known.filter(|known| known.ticket.voting_key == ticket.voting_key);
            let key = known.and_then(|known| known.key.clone()).or_else(|| open(&ticket));
            self.tickets.insert(ticket.ticket, Known { ticket, key });
        }
    }

    fn use_of(&self, ticket: &TicketKey) -> Use {
        let has_key = ticket.voting_key.is_some();
        let limit = self.last_end.unwrap_or_default().minus(KEYS_KEPT);
        match (ticket.outcome, ticket.fee.is_sent()) {
            (None, true) => Use::Vote,
            (Some(_), true) if has_key && ticket.ended_at.is_some_and(|height| height > limit) => Use::Vote,
            (Some(_), _) if has_key => Use::Withdrawn,
            (None, false) if has_key && ticket.fee == FeeStatus::Error => Use::Withdrawn,
            _ => Use::None,
        }
    }

    /// The tickets with which daemons do that.
    pub(super) fn used(&self, wanted: Use) -> impl Iterator<Item = &Known> {
        self.tickets.values().filter(move |known| self.use_of(&known.ticket) == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(is_all: bool) -> KeyChanges {
        KeyChanges { latest: 7, last_end: None, is_all, forgotten: Vec::new(), tickets: Vec::new() }
    }

    #[test]
    fn a_ticket_that_cannot_be_read_has_all_read_once_and_not_at_each_count() {
        let mut keys = KnownKeys::default();
        keys.take(nothing(true), |_| None);
        keys.compare(1);
        assert_eq!(keys.up_to(), Some(7), "it may be on its way");
        keys.take(nothing(false), |_| None);
        keys.compare(1);
        assert_eq!(keys.up_to(), None);
        keys.take(nothing(true), |_| None);
        for _ in 0..3 {
            keys.compare(1);
            assert_eq!(keys.up_to(), Some(7));
            keys.take(nothing(false), |_| None);
        }
        keys.compare(2);
        keys.take(nothing(false), |_| None);
        keys.compare(2);
        assert_eq!(keys.up_to(), None, "another difference is looked into");
    }
}
