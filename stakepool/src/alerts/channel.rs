//! A channel of alerts, with the alerts that it could not send yet.

use std::collections::VecDeque;
use std::sync::Arc;

use stakepool_core::alert::Alert;
use stakepool_core::ports::AlertSink;

/// Most alerts that wait for a channel that does not work; the oldest go first.
const MAX_WAITING: usize = 200;

/// A channel with the alerts that it has not sent yet.
pub(super) struct Channel {
    sink: Arc<dyn AlertSink>,
    waiting: VecDeque<Alert>,
    works: bool,
}

impl Channel {
    /// A channel that is taken to work.
    pub(super) const fn new(sink: Arc<dyn AlertSink>) -> Self {
        Self { sink, waiting: VecDeque::new(), works: true }
    }

    /// Sends what waits. What cannot be sent now is sent at the next look.
    pub(super) async fn send(&mut self, alerts: &[Alert]) {
        self.waiting.extend(alerts.iter().cloned());
        let too_many = self.waiting.len().saturating_sub(MAX_WAITING);
        self.waiting.drain(..too_many);
        if self.waiting.is_empty() {
            return;
        }
        match self.sink.send(self.waiting.make_contiguous()).await {
            Ok(()) => {
                self.waiting.clear();
                self.works = true;
            }
            Err(error) => {
                if std::mem::replace(&mut self.works, false) {
                    tracing::error!(%error, "tried again");
                }
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
    use stakepool_core::time::UnixTime;

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
        channel.send(&[alert()]).await;
        channel.send(&[alert()]).await;
        *sink.broken.lock().unwrap() = false;
        channel.send(&[]).await;
        channel.send(&[]).await;
        channel.send(&vec![alert(); 2 * MAX_WAITING]).await;
        assert_eq!(*sink.told.lock().unwrap(), [2, MAX_WAITING]);
    }
}
