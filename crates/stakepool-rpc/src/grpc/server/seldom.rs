//! Log lines that strangers cause: one a while, however many there would be.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// At most one line in this time.
const PAUSE: Duration = Duration::from_secs(30);

/// Lets one line pass a while.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// How many lines were left out before this one; `None` where this one is to be left out, too.
    pub(super) fn pass(&self) -> Option<u64> {
        let now = Instant::now();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, left_out) = &mut *state;
        if last.is_some_and(|last| now.duration_since(last) < PAUSE) {
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

    #[tokio::test(start_paused = true)]
    async fn a_flood_becomes_one_line_in_half_a_minute_that_counts_the_others() {
        let seldom = Seldom::default();
        assert_eq!(seldom.pass(), Some(0));
        for _ in 0..1000 {
            assert_eq!(seldom.pass(), None);
        }
        tokio::time::advance(PAUSE).await;
        assert_eq!(seldom.pass(), Some(1000));
        assert_eq!(seldom.pass(), None);
    }
}
