//! A channel of alerts, with the alerts that it could not send yet.

use std::collections::VecDeque;
use std::sync::Arc;

use stakepool_core::alert::Alert;
use stakepool_core::ports::AlertSink;
use stakepool_core::time::UnixTime;

use crate::alert_record::ChannelReport;

/// Most alerts that wait for a channel that does not work; the oldest go first.
const MAX_WAITING: usize = 200;

/// A channel with the alerts that it has not sent yet.
pub(super) struct Channel {
    sink: Arc<dyn AlertSink>,
    waiting: VecDeque<Alert>,
    report: ChannelReport,
}

impl Channel {
    /// A channel that is taken to work.
    pub(super) fn new(sink: Arc<dyn AlertSink>) -> Self {
        let report = ChannelReport::new(sink.way());
        Self { sink, waiting: VecDeque::new(), report }
    }

    /// When it last worked and last failed.
    pub(super) const fn report(&self) -> &ChannelReport {
        &self.report
    }

    /// Takes over when a channel of the same way last worked, before this instance alerted.
    pub(super) fn recall(&mut self, before: &[ChannelReport]) {
        let before = before.iter().find(|before| before.way == self.report.way);
        let unused = self.report.last_worked.is_none() && self.report.last_failed.is_none();
        if let Some(before) = before.filter(|_| unused) {
            self.report = ChannelReport { error: None, ..before.clone() };
        }
    }

    /// Sends what waits, and returns what was sent. What cannot be sent now is sent at the next look.
    pub(super) async fn send(&mut self, alerts: &[Alert], now: UnixTime) -> Vec<Alert> {
        self.waiting.extend(alerts.iter().cloned());
        let too_many = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..too_many);
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let sent = self.sink.send(self.waiting.make_contiguous()).await;
        let worked = self.report.error.is_none();
        self.report.note(now, &sent);
        match sent {
            Ok(()) => self.waiting.drain(..).collect(),
            Err(error) => {
                if worked {
                    tracing::error!(%error, "tried again");
                }
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use stakepool_core::alert::{AlertKind, AlertPhase};
    use stakepool_core::ports::AlertError;

    #[derive(Default)]
    struct Moody {
        broken: Mutex<bool>,
        told: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl AlertSink for Moody {
        fn way(&self) -> &'static str {
            "test"
        }

        async fn send(&self, alerts: &[Alert]) -> Result<(), AlertError> {
            if *self.broken.lock().unwrap() {
                return Err(AlertError { way: "test", reason: "moody".into() });
            }
            self.told.lock().unwrap().push(alerts.len());
            Ok(())
        }
    }

    fn alert() -> Alert {
        Alert {
            kind: AlertKind::WalletLocked,
            phase: AlertPhase::Begins,
            about: "a:1".into(),
            text: "it is locked".into(),
            since: UnixTime(0),
        }
    }

    #[tokio::test]
    async fn what_could_not_be_told_is_told_later_and_never_twice() {
        let sink = Arc::new(Moody::default());
        let mut channel = Channel::new(sink.clone());
        *sink.broken.lock().unwrap() = true;
        let now = UnixTime(7);
        assert_eq!(channel.send(&[alert()], now).await, []);
        assert_eq!(channel.send(&[alert()], now).await, []);
        assert!(channel.report().error.as_ref().unwrap().contains("moody"));
        *sink.broken.lock().unwrap() = false;
        assert_eq!(channel.send(&[], now).await.len(), 2);
        channel.send(&[], now).await;
        channel.send(&vec![alert(); 2 * MAX_WAITING], now).await;
        assert_eq!((channel.report().last_worked, &channel.report().error), (Some(now), &None));
        assert_eq!(*sink.told.lock().unwrap(), [2, MAX_WAITING]);
    }
}
