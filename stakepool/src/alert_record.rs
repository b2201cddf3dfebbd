//! What became of the alerts: who sends them, whether each channel works, and of what the operator was told.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::time::UnixTime;

/// When a channel of alerts last worked and last failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelReport {
    /// The way: `webhook`, `mail`, `heartbeat`.
    pub way: String,
    /// When something was last sent.
    pub last_worked: Option<UnixTime>,
    /// When something could last not be sent.
    pub last_failed: Option<UnixTime>,
    /// Why it could not.
    pub error: Option<String>,
}

impl ChannelReport {
    /// A channel that was not used yet.
    pub(crate) fn new(way: &str) -> Self {
        Self { way: way.to_owned(), ..Self::default() }
    }

    /// Notes what became of a try at `now`.
    pub(crate) fn note<E: ToString>(&mut self, now: UnixTime, sent: &Result<(), E>) {
        match sent {
            Ok(()) => (self.last_worked, self.error) = (Some(now), None),
            Err(error) => (self.last_failed, self.error) = (Some(now), Some(error.to_string())),
        }
    }
}

/// Who alerts the operator, and how that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsReport {
    /// The instance of the web that alerts for all; `None` where none does.
    #[serde(default)]
    pub instance: Option<String>,
    /// The channels, as that instance has them.
    #[serde(default)]
    pub channels: Vec<ChannelReport>,
    /// The heartbeat, where one is configured.
    #[serde(default)]
    pub heartbeat: Option<ChannelReport>,
}

/// What the instances call the work of alerting, which one of them does.
pub(crate) const WORK: &str = "alerts";
/// The name of the note in which the instance that alerts keeps its report.
pub(crate) const NOTE: &str = "alerts";

impl AlertsReport {
    /// The text of the note for other instances.
    pub(crate) fn note(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// What the instance that alerts has noted; nothing where that cannot be read.
    pub(crate) fn of_notes(notes: &[(String, String)]) -> Self {
        let note = notes.iter().find(|(name, _)| name == NOTE);
        note.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The channels that failed when they were last used.
    pub(crate) fn failing(&self) -> impl Iterator<Item = (&ChannelReport, &str)> {
        let all = self.channels.iter().chain(&self.heartbeat);
        all.filter_map(|channel| Some((channel, channel.error.as_deref()?)))
    }
}

/// What this instance knows of its own alerts.
#[derive(Debug, Default)]
pub(crate) struct AlertRecord(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    leads: bool,
    report: AlertsReport,
    /// Troubles of which the operator was told, and that are not over.
    told: BTreeSet<(AlertKind, String)>,
}

impl AlertRecord {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether this instance alerts, and how its channels are. True where what others may read of it changed.
    pub(crate) fn set(&self, leads: bool, report: AlertsReport) -> bool {
        let mut state = self.state();
        let changed = state.report != report || state.leads != leads;
        (state.leads, state.report) = (leads, report);
        if !leads {
            // Another instance sends that it is over.
            state.told.clear();
        }
        changed && leads
    }

    /// Notes alerts that reached the operator by some channel.
    pub(crate) fn told(&self, alerts: &[Alert]) {
        let mut state = self.state();
        // What happened once is never over.
        for alert in alerts.iter().filter(|alert| !alert.kind.is_event()) {
            let trouble = (alert.kind, alert.about.clone());
            match alert.phase {
                AlertPhase::Begins | AlertPhase::Lasts => state.told.insert(trouble),
                AlertPhase::Ends => state.told.remove(&trouble),
            };
        }
    }

    /// Whether the operator was told of a trouble of a kind that is not over.
    pub(crate) fn is_told(&self, kind: AlertKind) -> bool {
        self.state().told.iter().any(|(told, _)| *told == kind)
    }

    /// What this instance knows, where it is the one that alerts.
    pub(crate) fn own(&self) -> Option<AlertsReport> {
        let state = self.state();
        state.leads.then(|| state.report.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_is_told_of_what_was_sent_until_it_is_over() {
        let record = AlertRecord::default();
        let alert = |phase| Alert {
            kind: AlertKind::Database,
            phase,
            about: "the database".into(),
            text: "its disk is full".into(),
            since: UnixTime(0),
        };
        assert!(!record.is_told(AlertKind::Database));
        record.told(&[alert(AlertPhase::Begins)]);
        assert!(record.is_told(AlertKind::Database) && !record.is_told(AlertKind::Down));
        record.told(&[alert(AlertPhase::Ends)]);
        assert!(!record.is_told(AlertKind::Database));
    }

    #[test]
    fn who_no_longer_alerts_does_not_say_that_the_operator_was_told() {
        let record = AlertRecord::default();
        let alert = |kind| Alert {
            kind,
            phase: AlertPhase::Begins,
            about: "the database".into(),
            text: "its disk is full".into(),
            since: UnixTime(0),
        };
        record.set(true, AlertsReport::default());
        record.told(&[alert(AlertKind::Database), alert(AlertKind::MissedVote)]);
        assert!(record.is_told(AlertKind::Database));
        assert!(!record.is_told(AlertKind::MissedVote), "what happened once would never be over");
        record.set(false, AlertsReport::default());
        assert!(!record.is_told(AlertKind::Database), "another instance sends that it is over");
    }

    #[test]
    fn a_channel_says_when_it_last_worked_and_last_failed() {
        let mut channel = ChannelReport::new("webhook");
        channel.note(UnixTime(10), &Ok::<_, String>(()));
        channel.note(UnixTime(20), &Err("403"));
        assert_eq!((channel.last_worked, channel.last_failed), (Some(UnixTime(10)), Some(UnixTime(20))));
        assert_eq!(AlertsReport { channels: vec![channel.clone()], ..AlertsReport::default() }.failing().count(), 1);
        channel.note(UnixTime(30), &Ok::<_, String>(()));
        assert_eq!((channel.last_failed, channel.error), (Some(UnixTime(20)), None));
    }
}
