//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// Counts failed attempts. The first try after a loss comes at once, the next after 100 ms, then the delay doubles up
/// to 2 s: a node that is back hears of us before a vote is lost or a page is wrong. Each is shortened by up to a half at
/// random, so that many clients do not come back at the same moment.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(2);
    /// A connection that stood so long was a good one.
    pub(super) const GOOD: Duration = Duration::from_secs(10);

    /// Forgets earlier failures.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The delay after one more failure. `random` is from 0 to 1.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let delay = match self.failures.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => Self::FIRST.saturating_mul(1 << doublings.min(16)).min(Self::LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        delay.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_immediate_and_later_delays_double_up_to_two_seconds() {
        let mut backoff = Backoff::default();
        let millis: Vec<_> = (0..10).map(|_| backoff.next(0.0).as_millis()).collect();
        assert_eq!(millis, [0, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), Duration::ZERO);
    }

    #[test]
    fn chance_shortens_a_delay_by_at_most_a_half() {
        let mut backoff = Backoff { failures: 1 };
        assert_eq!(backoff.next(1.0).as_millis(), 50);
        let mut backoff = Backoff { failures: u32::MAX };
        assert_eq!(backoff.next(0.5).as_millis(), 1500);
    }
}
