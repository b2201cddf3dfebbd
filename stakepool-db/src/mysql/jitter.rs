//! Pauses that differ between those who wait for the same thing.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The longest pause, and the first one.
const LONGEST: Duration = Duration::from_secs(1);
const FIRST: Duration = Duration::from_millis(4);

/// The pause after so many failed tries: longer each time, and never quite the same.
pub(super) fn pause(tries: u32) -> Duration {
    let most = FIRST.saturating_mul(1 << tries.min(10)).min(LONGEST);
    // The keys of the standard hasher are drawn anew each time; nothing here is secret.
    let drawn = RandomState::new().build_hasher().finish() % 1000;
    most / 4 + most.mul_f64(0.75 * (drawn as f64) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_no_further() {
        for tries in 1..40 {
            let pause = pause(tries);
            assert!(pause >= FIRST / 4 && pause <= LONGEST, "{tries}: {pause:?}");
        }
        assert!(pause(20) >= LONGEST / 4);
    }
}
