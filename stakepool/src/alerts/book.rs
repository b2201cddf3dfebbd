//! Which alerts go out: when a trouble begins, each day that it lasts, and when it is over.
//!
//! [`AlertBook`] compares the troubles that are there now with those that were sent, and returns what is to be sent. It
//! knows neither clock nor network.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::time::UnixTime;

use crate::status::Trouble;

/// How long a trouble must last before it is sent, and be gone before it counts as over: a wallet that is restarted is
/// not worth a message.
pub const SETTLE: Duration = Duration::from_secs(60);
/// The same for the database.
const SETTLE_DATABASE: Duration = Duration::from_secs(15);
/// How often a lasting trouble is sent again.
pub const REPEAT: Duration = Duration::from_secs(24 * 3600);
/// How long an event that was sent is remembered; callers must not report it for longer.
pub const REMEMBER_EVENTS: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Clone, Debug)]
struct Known {
    text: String,
    since: UnixTime,
    seen: UnixTime,
    sent: Option<UnixTime>,
}

/// The troubles that are known.
#[derive(Clone, Debug, Default)]
pub struct AlertBook {
    known: BTreeMap<(AlertKind, String), Known>,
}

impl AlertBook {
    /// Takes all troubles that are there at the moment `now`, and returns what is to be sent.
    pub fn compare(&mut self, now: UnixTime, troubles: impl IntoIterator<Item = Trouble>) -> Vec<Alert> {
        for known in self.known.values_mut() {
            known.not_after(now);
        }
        for Trouble { kind, about, text } in troubles {
            let known = self.known.entry((kind, about));
            let known = known.or_insert_with(|| Known { text: String::new(), since: now, seen: now, sent: None });
            known.text = text;
            known.seen = now;
        }
        let mut alerts = Vec::new();
        self.known.retain(|(kind, about), known| {
            let (phase, keep) =
                if kind.is_event() { of_event(known, now) } else { of_state(known, now, settle(*kind)) };
            if let Some(phase) = phase {
                known.sent = Some(now);
                let (about, text) = (about.clone(), known.text.clone());
                alerts.push(Alert { kind: *kind, phase, about, text, since: known.since });
            }
            keep
        });
        alerts
    }
}

impl Known {
    /// Takes times after `now` for those of a clock that was wrong: nothing waits until they come.
    fn not_after(&mut self, now: UnixTime) {
        self.since = self.since.min(now);
        self.seen = self.seen.min(now.minus(Duration::from_secs(1)));
        self.sent = self.sent.map(|sent| sent.min(now));
    }
}

/// How long a trouble of a kind must last before it is sent; its end always waits [`SETTLE`]. A database is tried several
/// times a minute, and the web serves nobody without it.
const fn settle(kind: AlertKind) -> Duration {
    if matches!(kind, AlertKind::Database) { SETTLE_DATABASE } else { SETTLE }
}

/// What to send of something that happened, and whether to remember it.
fn of_event(known: &Known, now: UnixTime) -> (Option<AlertPhase>, bool) {
    (known.sent.is_none().then_some(AlertPhase::Begins), known.seen.plus(REMEMBER_EVENTS) > now)
}

/// What to send of something that lasts, and whether to remember it.
fn of_state(known: &Known, now: UnixTime, settle: Duration) -> (Option<AlertPhase>, bool) {
    let is_there = known.seen == now;
    match known.sent {
        // One that was gone before it was sent never was.
        None if !is_there => (None, false),
        None => ((known.since.plus(settle) <= now).then_some(AlertPhase::Begins), true),
        Some(_) if !is_there && known.seen.plus(SETTLE) <= now => (Some(AlertPhase::Ends), false),
        Some(sent) if is_there && sent.plus(REPEAT) <= now => (Some(AlertPhase::Lasts), true),
        Some(_) => (None, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertPhase::{Begins, Ends, Lasts};

    fn locked(text: &str) -> Option<Trouble> {
        Some(Trouble { kind: AlertKind::WalletLocked, about: "a:1".into(), text: text.into() })
    }

    fn phases(alerts: &[Alert]) -> Vec<AlertPhase> {
        alerts.iter().map(|alert| alert.phase).collect()
    }

    #[test]
    fn a_trouble_is_told_when_it_lasts_a_minute_each_day_and_when_it_is_over() {
        let mut book = AlertBook::default();
        let mut at = |seconds, trouble: Option<Trouble>| book.compare(UnixTime(seconds), trouble);
        assert_eq!(at(0, locked("it is locked")), []);
        assert_eq!(at(59, locked("it is locked")), []);
        let begun = at(60, locked("it is locked"));
        assert_eq!(phases(&begun), [Begins]);
        assert_eq!((begun[0].since, begun[0].text.as_str()), (UnixTime(0), "it is locked"));
        assert_eq!(at(61, locked("still")), []);
        assert_eq!(at(60 + 86_399, locked("still")), []);
        assert_eq!(phases(&at(60 + 86_400, locked("still"))), [Lasts]);
        assert_eq!(phases(&at(60 + 2 * 86_400, locked("still"))), [Lasts]);
        assert_eq!(at(200_000, locked("still")), []);
        assert_eq!(at(200_059, None), []);
        let ended = at(200_060, None);
        assert_eq!((phases(&ended), ended[0].text.as_str()), (vec![Ends], "still"));
        assert_eq!(at(200_061, None), []);
    }

    #[test]
    fn a_trouble_that_comes_and_goes_within_a_minute_is_never_told() {
        let mut book = AlertBook::default();
        for second in 0..600 {
            let trouble = if second % 50 == 0 { None } else { locked("away") };
            assert_eq!(book.compare(UnixTime(second), trouble), []);
        }
    }

    #[test]
    fn a_trouble_that_was_told_and_is_gone_for_a_moment_goes_on() {
        let mut book = AlertBook::default();
        book.compare(UnixTime(0), locked("x"));
        assert_eq!(phases(&book.compare(UnixTime(60), locked("x"))), [Begins]);
        assert_eq!(book.compare(UnixTime(90), None), []);
        assert_eq!(book.compare(UnixTime(119), locked("x")), []);
        assert_eq!(book.compare(UnixTime(150), None), []);
    }

    #[test]
    fn a_clock_that_was_years_ahead_silences_nothing() {
        let mut book = AlertBook::default();
        const YEARS: i64 = 2 * 365 * 86_400;
        book.compare(UnixTime(YEARS), locked("x"));
        assert_eq!(phases(&book.compare(UnixTime(YEARS + 60), locked("x"))), [Begins]);
        assert_eq!(book.compare(UnixTime(1000), locked("x")), []);
        assert_eq!(phases(&book.compare(UnixTime(1000 + 86_400), locked("x"))), [Lasts]);
        let other = || Some(Trouble { about: "b:1".into(), ..locked("y").unwrap() });
        book.compare(UnixTime(YEARS), other());
        assert_eq!(phases(&book.compare(UnixTime(90_000), other())), []);
        assert_eq!(phases(&book.compare(UnixTime(90_060), other())), [Begins]);
    }

    #[test]
    fn a_failing_database_is_told_sooner_than_other_troubles() {
        let mut book = AlertBook::default();
        let failing = || Some(Trouble { kind: AlertKind::Database, about: "the database".into(), text: String::new() });
        assert_eq!(book.compare(UnixTime(0), failing()), []);
        assert_eq!(phases(&book.compare(UnixTime(15), failing())), [Begins]);
    }

    #[test]
    fn a_missed_vote_is_told_at_once_and_once() {
        let missed = |ticket: &str| Trouble { kind: AlertKind::MissedVote, about: ticket.into(), text: "why".into() };
        let mut book = AlertBook::default();
        assert_eq!(phases(&book.compare(UnixTime(0), [missed("a")])), [Begins]);
        let next = book.compare(UnixTime(15), [missed("a"), missed("b")]);
        assert_eq!((next.len(), next[0].about.as_str()), (1, "b"));
        assert_eq!(book.compare(UnixTime(3 * 86_400), [missed("a")]), []);
        assert_eq!(book.compare(UnixTime(30 * 86_400), []), []);
        assert!(book.known.is_empty());
    }

    #[test]
    fn troubles_are_kept_apart_by_kind_and_thing() {
        let mut book = AlertBook::default();
        let troubles =
            || {
                [(AlertKind::Lag, "a"), (AlertKind::Lag, "b"), (AlertKind::WalletAway, "a")]
                    .map(|(kind, about)| Trouble { kind, about: about.into(), text: String::new() })
            };
        book.compare(UnixTime(0), troubles());
        assert_eq!(book.compare(UnixTime(60), troubles()).len(), 3);
    }
}
