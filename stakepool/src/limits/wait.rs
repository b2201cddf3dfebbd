//! How long somebody must wait.

use std::time::Duration;

use stakepool_core::time::UnixTime;

/// Too many tries: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MustWait(pub Duration);

impl MustWait {
    /// From now until later.
    pub(crate) fn between(now: UnixTime, later: UnixTime) -> Self {
        Self(Duration::from_secs(u64::try_from(later.0.saturating_sub(now.0)).unwrap_or(0)))
    }

    /// The wait for people, rounded up.
    pub fn in_words(self) -> String {
        let seconds = self.0.as_secs().max(1);
        match seconds {
            1 => "1 second".to_owned(),
            2..=90 => format!("{seconds} seconds"),
            91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
            _ => format!("{} hours", seconds.div_ceil(3600)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_words() {
        let words = |seconds| MustWait(Duration::from_secs(seconds)).in_words();
        assert_eq!([words(0), words(1), words(61), words(541)], ["1 second", "1 second", "61 seconds", "10 minutes"]);
        assert_eq!([words(5400), words(5401), words(86_400)], ["90 minutes", "2 hours", "24 hours"]);
    }
}
