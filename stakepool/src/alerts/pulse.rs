//! The heartbeat: signs of life for a watcher elsewhere, which alerts the operator where they stop.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::ports::Heartbeat;
use stakepool_core::time::UnixTime;
use tokio::time::Instant;

use crate::alert_record::ChannelReport;

/// What it is called among the channels.
pub(super) const WAY: &str = "heartbeat";

/// Beats every so often.
pub(super) struct Pulse {
    beats: Arc<dyn Heartbeat>,
    every: Duration,
    last: Option<Instant>,
    report: ChannelReport,
}

impl Pulse {
    /// Has not beaten yet.
    pub(super) fn new(beats: Arc<dyn Heartbeat>, every: Duration) -> Self {
        Self { beats, every, last: None, report: ChannelReport::new(WAY) }
    }

    /// When it last beat, and last could not.
    pub(super) const fn report(&self) -> &ChannelReport {
        &self.report
    }

    /// Takes over from the instance that beat before.
    pub(super) fn recall(&mut self, before: Option<ChannelReport>) {
        if let Some(before) = before.filter(|_| self.last.is_none()) {
            self.report = ChannelReport { error: None, ..before };
        }
    }

    /// Beats where it is time; where that failed, at the next look again.
    pub(super) async fn beat(&mut self, now: UnixTime) {
        if self.report.error.is_none() && self.last.is_some_and(|last| last.elapsed() < self.every) {
            return;
        }
        self.last = Some(Instant::now());
        let beaten = self.beats.beat().await;
        if let Err(error) = beaten.as_ref()
            && self.report.error.is_none()
        {
            tracing::error!(%error, "tried again");
        }
        self.report.note(now, &beaten);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use stakepool_core::ports::AlertError;
    use tokio::time::sleep;

    use super::*;

    #[derive(Default)]
    struct Watcher(AtomicU32);

    #[async_trait]
    impl Heartbeat for Watcher {
        async fn beat(&self) -> Result<(), AlertError> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                1 => Err(AlertError { way: WAY, reason: "it answered 500".to_owned() }),
                _ => Ok(()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_beats_every_so_often_and_at_the_next_look_where_it_failed() {
        let watcher = Arc::new(Watcher::default());
        let mut pulse = Pulse::new(watcher.clone(), Duration::from_secs(300));
        for look in 0..41 {
            pulse.beat(UnixTime(look * 15)).await;
            sleep(Duration::from_secs(15)).await;
        }
        // At 0, at 300 (which failed), at 315, and at 615, which is no longer looked at.
        assert_eq!(watcher.0.load(Ordering::Relaxed), 3);
        let report = pulse.report();
        assert_eq!((report.last_worked, report.last_failed), (Some(UnixTime(315)), Some(UnixTime(300))));
        assert_eq!(report.error, None);
    }
}
