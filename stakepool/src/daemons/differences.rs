//! Whether the daemons know the same tickets and judge them alike.
//!
//! Each daemon reports its tickets in short, with the block at which they are so. Only reports on the same block are compared, of
//! daemons that have the same users and are not behind their nodes. What one hears of a moment before the other is no
//! difference: it must last.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::ports::{DaemonStatus, TicketSets};
use stakepool_core::time::UnixTime;

use crate::daemons::standing::Differing;
use crate::daemons::view::DaemonView;
use crate::daemons::wording::in_words;

/// How long two daemons must differ, seen at least twice, before that is a problem.
const LASTS: Duration = Duration::from_secs(60);
/// How long a difference stands while the two cannot be compared: between one block and the next, while one does not answer, and
/// after blocks were undone until a daemon compares its tickets with its node's, which it does every three minutes at least.
const STANDS: Duration = Duration::from_secs(300);
/// How often the tickets that differ are listed anew.
const NAME_AGAIN: Duration = Duration::from_secs(180);

/// Two daemons that differ, by name.
pub(super) type Pair = (String, String);

/// Something wrong between two daemons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketDifference {
    /// The daemons.
    pub about: String,
    /// How they differ and what to do, for people.
    pub text: String,
}

/// How two daemons' tickets are beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Alike,
    Different(TicketSets, TicketSets),
}

/// Which pairs differ, and since when.
#[derive(Debug, Default)]
pub(super) struct Differences(BTreeMap<Pair, Known>);

#[derive(Debug)]
struct Known {
    since: UnixTime,
    seen: UnixTime,
    sets: (TicketSets, TicketSets),
    named: Vec<Differing>,
    /// When the tickets were listed last, or that was tried.
    tried: Option<UnixTime>,
}

impl Known {
    /// Takes times after `now` for those of a clock that was wrong.
    fn not_after(&mut self, now: UnixTime) {
        (self.since, self.seen) = (self.since.min(now), self.seen.min(now));
        self.tried = self.tried.map(|tried| tried.min(now));
    }

    fn is_to_be_named(&self, now: UnixTime) -> bool {
        self.lasts() && self.tried.is_none_or(|at| at.plus(NAME_AGAIN) <= now)
    }

    fn lasts(&self) -> bool {
        self.since.plus(LASTS) <= self.seen
    }
}

/// What a daemon has that can be compared: its tickets where it is in sync and at its node's best block, and the users that
/// it has.
pub(super) fn comparable(view: &DaemonView) -> Option<(TicketSets, &str)> {
    let status = view.status.as_ref().filter(|_| view.in_sync)?;
    let DaemonStatus { check, node_height, synced_height, wanted_digest, .. } = status;
    let sets = check.sets?;
    let is_at_tip = node_height.is_some_and(|height| height <= sets.height) && *synced_height == Some(sets.height);
    is_at_tip.then_some((sets, wanted_digest))
}

/// How each two daemons are beside each other, as far as they can be compared.
fn compare(views: &BTreeMap<String, DaemonView>) -> impl Iterator<Item = (Pair, Found)> {
    let reports: Vec<_> =
        views.iter().filter_map(|(name, view)| comparable(view).map(|report| (name, report))).collect();
    let mut found = Vec::new();
    for (index, (a, (of_a, users_of_a))) in reports.iter().enumerate() {
        for (b, (of_b, users_of_b)) in &reports[index + 1..] {
            if of_a.block != of_b.block || users_of_a != users_of_b {
                continue;
            }
            let alike = (of_a.voted, of_a.ignored) == (of_b.voted, of_b.ignored);
            let how = if alike { Found::Alike } else { Found::Different(*of_a, *of_b) };
            found.push((((*a).clone(), (*b).clone()), how));
        }
    }
    found.into_iter()
}

impl Differences {
    /// Takes a look at the daemons at a moment.
    pub(super) fn look(&mut self, now: UnixTime, views: &BTreeMap<String, DaemonView>) {
        for (pair, found) in compare(views) {
            match found {
                Found::Alike => {
                    self.0.remove(&pair);
                }
                Found::Different(a, b) => {
                    let new = Known { since: now, seen: now, sets: (a, b), named: Vec::new(), tried: None };
                    let known = self.0.entry(pair).or_insert(new);
                    known.not_after(now);
                    (known.seen, known.sets) = (now, (a, b));
                }
            }
        }
        self.0.retain(|_, known| {
            known.not_after(now);
            known.seen.plus(STANDS) >= now
        });
    }

    /// Whether any two daemons differ at a look.
    pub(super) fn any(views: &BTreeMap<String, DaemonView>) -> bool {
        compare(views).any(|(_, found)| found != Found::Alike)
    }

    /// The differences that were there at both of two looks, however long.
    pub(super) fn of_two_looks(
        before: &BTreeMap<String, DaemonView>,
        now: UnixTime,
        views: &BTreeMap<String, DaemonView>,
    ) -> Self {
        let is_different = |views| compare(views).filter(|(_, found)| *found != Found::Alike).map(|(pair, _)| pair);
        let before: Vec<_> = is_different(before).collect();
        let mut both = Self::default();
        both.look(now, views);
        both.0.retain(|pair, known| {
            known.since = now.minus(LASTS);
            before.contains(pair)
        });
        both
    }

    /// Whether there is a lasting difference whose tickets are to be listed.
    pub(super) fn is_any_to_name(&self, now: UnixTime) -> bool {
        self.0.values().any(|known| known.is_to_be_named(now))
    }

    /// A lasting difference whose tickets are to be listed: it is not the next again for a while, whether they can be listed
    /// or not.
    pub(super) fn next_to_name(&mut self, now: UnixTime) -> Option<Pair> {
        let (pair, known) = self.0.iter_mut().find(|(_, known)| known.is_to_be_named(now))?;
        known.tried = Some(now);
        Some(pair.clone())
    }

    /// The lasting differences.
    pub(super) fn lasting(&self) -> Vec<Pair> {
        self.0.iter().filter(|(_, known)| known.lasts()).map(|(pair, _)| pair.clone()).collect()
    }

    /// Notes which tickets differ.
    pub(super) fn name(&mut self, pair: &Pair, tickets: Vec<Differing>) {
        if let Some(known) = self.0.get_mut(pair) {
            known.named = tickets;
        }
    }

    /// What is to be said: of each daemon that differs from others, once.
    pub(super) fn told(&self) -> Vec<TicketDifference> {
        let lasting: Vec<_> = self.0.iter().filter(|(_, known)| known.lasts()).collect();
        let times = |name: &String| lasting.iter().filter(|((a, b), _)| a == name || b == name).count();
        let (mut told, mut odd) = (Vec::new(), Vec::new());
        for ((a, b), known) in &lasting {
            // The one that differs from more of the others is the odd one.
            let odd_one = if times(a) > times(b) { a } else { b };
            if !odd.contains(&odd_one) {
                odd.push(odd_one);
                told.push(TicketDifference {
                    about: format!("daemons {a} and {b}"),
                    text: in_words((a, b), known.sets, &known.named),
                });
            }
        }
        told
    }
}

#[cfg(test)]
mod tests;
