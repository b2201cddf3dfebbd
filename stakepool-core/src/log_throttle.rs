//! Log lines that strangers cause: one a while, however many there would be.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most one line in this time.
const PAUSE: Duration = Duration::from_secs(30);

/// Lets one line of a kind pass a while, so that nobody can fill the log from outside.
#[derive(Debug)]
pub struct LogThrottle {
    pause: Duration,
    state: Mutex<(Option<Instant>, u64)>,
}

impl Default for LogThrottle {
    fn default() -> Self {
        Self::new()
    }
}

impl LogThrottle {
    /// Lets the next line pass, and then one in half a minute.
    pub const fn new() -> Self {
        Self::with_pause(PAUSE)
    }

    /// Lets the next line pass, and then one in `pause`.
    pub const fn with_pause(pause: Duration) -> Self {
        Self { pause, state: Mutex::new((None, 0)) }
    }

    /// How many lines were left out before this one; `None` where this one is to be left out, too.
    pub fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, left_out) = &mut *state;
        if last.is_some_and(|last| now.saturating_duration_since(last) < self.pause) {
            *left_out = left_out.saturating_add(1);
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_becomes_one_line_in_half_a_minute_that_counts_the_others() {
        let (seldom, began) = (LogThrottle::default(), Instant::now());
        assert_eq!(seldom.pass(began), Some(0));
        for _ in 0..1000 {
            assert_eq!(seldom.pass(began), None);
        }
        assert_eq!(seldom.pass(began + PAUSE), Some(1000));
        assert_eq!(seldom.pass(began + PAUSE), None);
    }
}
