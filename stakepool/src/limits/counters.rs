//! Counters of tries in bounded memory. Each kind of subject has a table of its own, so that what anybody can make up
//! takes no room from the rest; and whoever has had all tries is not forgotten before the time is over, however many
//! others come.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::wait::MustWait;

/// Most counters of one kind.
pub(super) const MOST: usize = 1 << 16;

/// How often a subject may be counted within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit<S> {
    pub(super) subject: S,
    pub(super) most: u32,
    pub(super) window: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    ends: Instant,
    tries: u32,
    most: u32,
}

impl Counter {
    const fn is_full(&self) -> bool {
        self.tries >= self.most
    }
}

/// The counters of one kind.
#[derive(Debug)]
struct Table<S> {
    counters: HashMap<S, Counter>,
    /// Until when every counter has had all its tries, so that there is room for no other.
    crowded_until: Option<Instant>,
}

/// Counts tries of subjects. The variants of `S` are its kinds.
#[derive(Debug)]
pub(super) struct Counters<S> {
    tables: Mutex<HashMap<Discriminant<S>, Table<S>>>,
}

impl<S> Default for Counters<S> {
    fn default() -> Self {
        Self { tables: Mutex::default() }
    }
}

impl<S: Copy + Eq + Hash> Counters<S> {
    /// Counts a try of each subject, unless one of them has had as many as it may.
    pub(super) fn count(&self, limits: &[Limit<S>]) -> Result<(), MustWait> {
        let now = Instant::now();
        // One lock for all: of two tries at the same moment the second sees the first.
        let mut tables = self.lock();
        let waits = limits.iter().filter_map(|limit| table(&mut tables, limit.subject).room(limit, now).err());
        if let Some(longest) = waits.max_by_key(|wait| wait.0) {
            return Err(longest);
        }
        for limit in limits {
            table(&mut tables, limit.subject).count(limit, now);
        }
        Ok(())
    }

    /// Whether a subject has tries left, without counting one.
    pub(super) fn check(&self, limit: &Limit<S>) -> Result<(), MustWait> {
        table(&mut self.lock(), limit.subject).room(limit, Instant::now())
    }

    /// Takes one try of each subject back, and leaves no trace of those that had no other.
    pub(super) fn take_back(&self, subjects: &[S]) {
        let mut tables = self.lock();
        for subject in subjects {
            let counters = &mut table(&mut tables, *subject).counters;
            if let Some(counter) = counters.get_mut(subject) {
                counter.tries = counter.tries.saturating_sub(1);
                if counter.tries == 0 {
                    counters.remove(subject);
                }
            }
        }
    }

    /// Forgets all tries of the subjects.
    pub(super) fn forget(&self, subjects: &[S]) {
        let mut tables = self.lock();
        for subject in subjects {
            table(&mut tables, *subject).counters.remove(subject);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Discriminant<S>, Table<S>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self, kind: S) -> usize {
        table(&mut self.lock(), kind).counters.len()
    }
}

fn table<S: Eq + Hash>(tables: &mut HashMap<Discriminant<S>, Table<S>>, subject: S) -> &mut Table<S> {
    let empty = || Table { counters: HashMap::new(), crowded_until: None };
    tables.entry(discriminant(&subject)).or_insert_with(empty)
}

impl<S: Copy + Eq + Hash> Table<S> {
    /// Whether a try can be counted: the subject has one left, and there is room for it.
    fn room(&mut self, limit: &Limit<S>, now: Instant) -> Result<(), MustWait> {
        match self.counters.get(&limit.subject) {
            Some(counter) if counter.ends <= now || counter.tries < limit.most => Ok(()),
            Some(counter) => Err(MustWait(counter.ends - now)),
            None if self.counters.len() < MOST => Ok(()),
            None => self.make_room(now),
        }
    }

    fn count(&mut self, limit: &Limit<S>, now: Instant) {
        let fresh = Counter { ends: now + limit.window, tries: 0, most: limit.most };
        let counter = self.counters.entry(limit.subject).or_insert(fresh);
        if counter.ends <= now {
            *counter = fresh;
        }
        counter.tries = counter.tries.saturating_add(1);
        counter.most = limit.most;
    }

    /// Forgets what is over, and then those that have had the fewest tries. Where all have had all, nobody new comes in:
    /// otherwise who sends enough of them would be free to begin anew.
    fn make_room(&mut self, now: Instant) -> Result<(), MustWait> {
        if let Some(until) = self.crowded_until.filter(|until| *until > now) {
            return Err(MustWait(until - now));
        }
        self.counters.retain(|_, counter| counter.ends > now);
        if self.counters.len() >= MOST {
            self.forget_least();
        }
        self.crowded_until = None;
        if self.counters.len() < MOST {
            return Ok(());
        }
        self.crowded_until = self.counters.values().map(|counter| counter.ends).min();
        Err(MustWait(self.crowded_until.map_or(Duration::ZERO, |until| until - now)))
    }

    /// Forgets a quarter of the counters that have tries left: those with the fewest tries, of these the oldest.
    fn forget_least(&mut self) {
        let open = self.counters.values().filter(|counter| !counter.is_full());
        let mut ranks: Vec<_> = open.map(|counter| (counter.tries, counter.ends)).collect();
        if ranks.is_empty() {
            return;
        }
        let middle = ranks.len() / 4;
        let (_, last, _) = ranks.select_nth_unstable(middle);
        let last = *last;
        self.counters.retain(|_, counter| counter.is_full() || (counter.tries, counter.ends) > last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    enum Kind {
        MadeUp(u32),
        Real(u32),
    }

    fn limit(subject: Kind, most: u32) -> [Limit<Kind>; 1] {
        [Limit { subject, most, window: Duration::from_secs(600) }]
    }

    fn count(counters: &Counters<Kind>, subject: Kind, most: u32) -> Result<(), MustWait> {
        counters.count(&limit(subject, most))
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_newest_and_the_most_tried_stay() {
        let counters = Counters::default();
        for _ in 0..2 {
            count(&counters, Kind::MadeUp(0), 10).unwrap();
        }
        for n in 1..=200_000 {
            if n % 1000 == 0 {
                tokio::time::advance(Duration::from_millis(1)).await;
            }
            count(&counters, Kind::MadeUp(n), 10).unwrap();
        }
        assert!(counters.len(Kind::MadeUp(0)) <= MOST);
        let table = |n| counters.lock()[&discriminant(&Kind::MadeUp(0))].counters.contains_key(&Kind::MadeUp(n));
        assert!(table(200_000) && table(0) && !table(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_made_up_takes_no_room_from_the_rest() {
        let counters = Counters::default();
        count(&counters, Kind::Real(0), 2).unwrap();
        for n in 0..200_000 {
            count(&counters, Kind::MadeUp(n), 10).unwrap();
        }
        count(&counters, Kind::Real(0), 2).unwrap();
        assert!(count(&counters, Kind::Real(0), 2).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_have_had_all_tries_nobody_is_forgotten_and_newcomers_wait() {
        let counters = Counters::default();
        for n in 0..=u32::try_from(MOST).unwrap() {
            assert_eq!(count(&counters, Kind::MadeUp(n), 1).is_ok(), (n as usize) < MOST, "{n}");
        }
        assert_eq!(count(&counters, Kind::MadeUp(0), 1), Err(MustWait(Duration::from_secs(600))));
        assert_eq!(count(&counters, Kind::Real(0), 1), Ok(()));
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(count(&counters, Kind::MadeUp(1_000_000), 1), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_is_taken_back_leaves_no_trace_and_no_other_is_touched() {
        let counters = Counters::default();
        count(&counters, Kind::MadeUp(1), 2).unwrap();
        count(&counters, Kind::Real(1), 2).unwrap();
        count(&counters, Kind::Real(1), 2).unwrap();
        counters.take_back(&[Kind::MadeUp(1), Kind::Real(1), Kind::Real(2)]);
        assert_eq!((counters.len(Kind::MadeUp(1)), counters.len(Kind::Real(1))), (0, 1));
        count(&counters, Kind::Real(1), 2).unwrap();
        assert!(count(&counters, Kind::Real(1), 2).is_err());
    }
}
