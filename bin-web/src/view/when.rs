//! Blocks as moments that people understand: "in about 3 hours", with the exact block beside it.

use std::time::Duration;

use serde::Serialize;
use stakepool_core::chain::BlockHeight;
use stakepool_core::time::UnixTime;

/// How blocks and time go together.
#[derive(Clone, Copy, Debug)]
pub struct BlockTime {
    /// The best height; `None` while no wallet reports it.
    pub tip: Option<BlockHeight>,
    /// Wanted time between two blocks.
    pub spacing: Duration,
}

/// A block on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// The block.
    pub block: u32,
    /// How far away it is, in words; `None` where that is not known.
    pub words: Option<String>,
    /// Whether it is still to come.
    pub to_come: bool,
    /// The time that its header says, where that is known. Without it the words are an estimate.
    pub time: Option<Stamp>,
}

/// A moment that is known, for `<time>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// For programs.
    pub iso: String,
    /// For people, in UTC.
    pub utc: String,
}

impl From<UnixTime> for Stamp {
    fn from(time: UnixTime) -> Self {
        Self { iso: time.iso(), utc: time.readable() }
    }
}

impl BlockTime {
    /// A block as a moment.
    pub fn of(&self, block: BlockHeight) -> When {
        let away = |blocks: u32| self.spacing.saturating_mul(blocks);
        let words = self.tip.map(|tip| match block.0.checked_sub(tip.0) {
            Some(blocks) if blocks > 0 => format!("in {}", about(away(blocks))),
            _ => format!("{} ago", about(away(tip.0.saturating_sub(block.0)))),
        });
        When { block: block.0, words, to_come: self.tip.is_some_and(|tip| block > tip), time: None }
    }

    /// A block whose time may be known.
    pub fn at(&self, block: BlockHeight, time: Option<UnixTime>) -> When {
        When { time: time.map(Stamp::from), ..self.of(block) }
    }

    /// How long a number of blocks takes, in words.
    pub fn lasting(&self, blocks: u32) -> String {
        about(self.spacing.saturating_mul(blocks))
    }
}

/// A duration in words, rounded so that it is about right.
fn about(duration: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const MONTH: u64 = 30 * DAY;
    const YEAR: u64 = 365 * DAY;
    let seconds = duration.as_secs();
    let (unit, one, many) = match seconds {
        0..45 => return "less than a minute".to_owned(),
        45..5_400 => (MINUTE, "a minute", "minutes"),
        5_400..129_600 => (HOUR, "an hour", "hours"),
        129_600..5_184_000 => (DAY, "a day", "days"),
        5_184_000..63_072_000 => (MONTH, "a month", "months"),
        _ => (YEAR, "a year", "years"),
    };
    match seconds.saturating_add(unit / 2) / unit {
        0 | 1 => format!("about {one}"),
        count => format!("about {count} {many}"),
    }
}

/// How long ago something was, roughly.
pub fn ago(now: UnixTime, then: UnixTime) -> String {
    roughly(Duration::from_secs(now.0.saturating_sub(then.0).max(0).unsigned_abs()))
}

/// A span of time, roughly.
pub fn roughly(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0..60 => return "less than a minute".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_unit_that_fits() {
        for (seconds, words) in [
            (0, "less than a minute"),
            (60, "about a minute"),
            (5_399, "about 90 minutes"),
            (5_400, "about 2 hours"),
            (10_000, "about 3 hours"),
            (129_600, "about 2 days"),
            (86_400 * 70, "about 2 months"),
            (86_400 * 365 * 3, "about 3 years"),
        ] {
            assert_eq!(about(Duration::from_secs(seconds)), words, "{seconds}");
        }
        assert!(about(Duration::MAX).ends_with("years"));
    }

    #[test]
    fn blocks_lie_ahead_or_behind() {
        let time = BlockTime { tip: Some(BlockHeight(1000)), spacing: Duration::from_secs(150) };
        let when = |block| time.of(BlockHeight(block)).words.unwrap_or_default();
        assert_eq!(when(1072), "in about 3 hours");
        assert_eq!(when(928), "about 3 hours ago");
        assert_eq!(when(1000), "less than a minute ago");
        assert!(time.of(BlockHeight(1001)).to_come && !time.of(BlockHeight(1000)).to_come);
        assert!(!when(u32::MAX).is_empty() && !when(0).is_empty());
        let unknown = BlockTime { tip: None, ..time };
        assert_eq!(unknown.of(BlockHeight(7)), When { block: 7, words: None, to_come: false, time: None });
        let known = unknown.at(BlockHeight(7), Some(UnixTime(1_795_000_059)));
        let stamp = known.time.map(|time| (time.iso, time.utc));
        assert_eq!(stamp, Some(("2026-11-18T11:07:39Z".to_owned(), "2026-11-18 11:07 UTC".to_owned())));
    }

    #[test]
    fn spans_are_told_roughly() {
        for (seconds, text) in [
            (0, "less than a minute"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(roughly(Duration::from_secs(seconds)), text);
        }
        assert_eq!(ago(UnixTime(1), UnixTime(9)), "less than a minute", "clocks differ");
    }
}
