//! A clock that a test sets.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::ports::Clock;
use crate::time::UnixMillis;

/// A clock that stands still until a test moves it. Begins at a moment in November 2023.
///
/// ```
/// use std::time::Duration;
/// use stakepool_core::ports::Clock;
/// use stakepool_core::testkit::TestClock;
///
/// let clock = TestClock::default();
/// let began = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), began.plus(Duration::from_secs(60)));
/// ```
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that begins at a moment.
    pub const fn at(moment: UnixMillis) -> Self {
        Self(AtomicI64::new(moment.0))
    }

    /// Puts the clock to a moment, later or earlier.
    pub fn set(&self, moment: UnixMillis) {
        self.0.store(moment.0, Ordering::SeqCst);
    }

    /// Puts the clock forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::at(UnixMillis(1_700_000_000_000))
    }
}

impl Clock for TestClock {
    fn now_millis(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }
}
