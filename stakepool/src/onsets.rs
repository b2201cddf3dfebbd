//! Since when each trouble lasts, and when all was last well with it: kept while the pool runs, and noted for the next start and for
//! programs that only look.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stakepool_core::time::UnixTime;

/// The name of the note.
pub(crate) const NOTE: &str = "troubles";
/// How long a trouble must be gone before the next one is a new one.
const GONE: Duration = Duration::from_secs(60);
/// How long after a start a trouble of before may take to be found again: comparisons of tickets are ten minutes apart.
const AFTER_START: Duration = Duration::from_secs(900);
/// How often the note is written where no trouble begins or ends.
const NOTED: Duration = Duration::from_secs(300);

/// Since when each trouble lasts.
#[derive(Debug, Default)]
pub(crate) struct Onsets(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    recalled: bool,
    record: Record,
    /// When the note was written last, and with how many troubles.
    noted: Option<(UnixTime, Vec<String>)>,
}

/// What is noted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Record {
    /// When the pool was judged last.
    judged: Option<UnixTime>,
    /// The troubles, by kind and thing.
    #[serde(default)]
    known: BTreeMap<String, Onset>,
}

/// When a trouble began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Onset {
    /// When it was first seen.
    pub(crate) since: UnixTime,
    /// When it was last seen not to be there; nothing where that was never seen.
    pub(crate) last_good: Option<UnixTime>,
    seen: UnixTime,
}

impl Onsets {
    /// Whether what an earlier start noted was not taken over yet.
    pub(crate) fn is_new(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).recalled
    }

    /// Takes over what was noted, by an earlier start or by another instance.
    pub(crate) fn recall(&self, now: UnixTime, notes: &[(String, String)]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut state.recalled, true) {
            return;
        }
        let text = notes.iter().find(|(name, _)| name == NOTE).map(|(_, text)| text);
        let Some(mut before) = text.and_then(|text| serde_json::from_str::<Record>(text).ok()) else { return };
        // Right after a start nothing has answered yet: what lasts shows a little later.
        let until = now.plus(AFTER_START);
        before.known.values_mut().for_each(|onset| onset.seen = until);
        for (key, onset) in before.known {
            let known = state.record.known.entry(key).or_insert(onset);
            if onset.since < known.since {
                *known = Onset { seen: known.seen, ..onset };
            }
        }
        state.record.judged = state.record.judged.or(before.judged);
    }

    /// Says of each trouble that is there `now`, by kind and thing, when it began, and remembers it.
    pub(crate) fn note(&self, now: UnixTime, troubles: &[String]) -> Vec<Onset> {
        let record = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).record;
        let judged = record.judged.filter(|judged| *judged <= now);
        let mut begun = |key: &String| {
            let new = Onset { since: now, last_good: judged, seen: now };
            let onset = record.known.entry(key.clone()).or_insert(new);
            // A clock that was ahead is right again.
            onset.since = onset.since.min(now);
            onset.last_good = onset.last_good.filter(|good| *good <= now);
            onset.seen = now;
            *onset
        };
        let onsets = troubles.iter().map(&mut begun).collect();
        record.known.retain(|_, onset| onset.seen.plus(GONE) > now);
        record.judged = Some(now);
        onsets
    }

    /// What is to be noted, where that has changed or was not noted for a while.
    pub(crate) fn to_note(&self, now: UnixTime) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<String> = state.record.known.keys().cloned().collect();
        let is_noted = |(at, noted): &(UnixTime, Vec<String>)| *noted == keys && *at <= now && at.plus(NOTED) > now;
        if state.noted.as_ref().is_some_and(is_noted) {
            return None;
        }
        let text = serde_json::to_string(&state.record).ok();
        state.noted = Some((now, keys));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(onsets: &Onsets, at: i64, about: &[&str]) -> Vec<(i64, Option<i64>)> {
        let keys: Vec<_> = about.iter().map(|about| format!("wallet_locked {about}")).collect();
        let onsets = onsets.note(UnixTime(at), &keys);
        onsets.iter().map(|onset| (onset.since.0, onset.last_good.map(|good| good.0))).collect()
    }

    #[test]
    fn a_trouble_keeps_its_beginning_until_it_was_gone_for_a_minute() {
        let onsets = Onsets::default();
        assert_eq!(seen(&onsets, 100, &[]), []);
        assert_eq!(seen(&onsets, 115, &["a"]), [(115, Some(100))]);
        assert_eq!(seen(&onsets, 130, &["a", "b"]), [(115, Some(100)), (130, Some(115))]);
        assert_eq!(seen(&onsets, 145, &[]), []);
        assert_eq!(seen(&onsets, 160, &["a"]), [(115, Some(100))], "it came back within a minute");
        assert_eq!(seen(&onsets, 221, &[]), []);
        assert_eq!(seen(&onsets, 230, &["a"]), [(230, Some(221))], "it is another one");
    }

    #[test]
    fn the_next_start_knows_what_lasts() {
        let before = Onsets::default();
        seen(&before, 100, &[]);
        seen(&before, 115, &["a"]);
        let note = [(NOTE.to_owned(), before.to_note(UnixTime(115)).unwrap())];
        assert_eq!(before.to_note(UnixTime(130)), None, "nothing has changed");
        assert!(before.to_note(UnixTime(115 + 300)).is_some());
        let after = Onsets::default();
        assert!(after.is_new());
        after.recall(UnixTime(5000), &note);
        assert!(!after.is_new());
        assert_eq!(seen(&after, 5000, &[]), [], "nothing has answered yet");
        assert_eq!(seen(&after, 5030, &["b"]), [(5030, Some(5000))]);
        assert_eq!(seen(&after, 5030 + 600, &["a"]), [(115, Some(100))], "it is found once tickets were compared");
        let much_later = Onsets::default();
        much_later.recall(UnixTime(5000), &note);
        assert_eq!(seen(&much_later, 5000 + 1000, &[]), []);
        assert_eq!(seen(&much_later, 6010, &["a"]), [(6010, Some(6000))], "it was over");
    }

    #[test]
    fn a_clock_that_was_ahead_leaves_nothing_in_the_future() {
        let onsets = Onsets::default();
        seen(&onsets, 9_000_000, &["a"]);
        assert_eq!(seen(&onsets, 100, &["a", "b"]), [(100, None), (100, None)]);
    }
}
