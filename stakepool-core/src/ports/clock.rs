//! Time.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::UnixMillis;
use crate::time::UnixTime;

/// Tells the time of day. Durations are measured by tokio's clock, which tests can pause.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_millis(&self) -> UnixMillis;

    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> UnixTime {
        UnixTime(self.now_millis().0.div_euclid(1000))
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(since.as_millis().try_into().unwrap_or(i64::MAX))
    }
}
