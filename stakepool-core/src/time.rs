//! Points in time as the stores keep them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const SECONDS_A_DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats itself.
const DAYS_A_CYCLE: i64 = 146_097;

/// Seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

/// Milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixTime {
    /// The moment `duration` later, in whole seconds.
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// The moment `duration` earlier, in whole seconds.
    pub const fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(duration.as_secs()))
    }

    /// Date and time of day in UTC for people, such as `2026-11-22 08:47 UTC`.
    pub fn readable(self) -> String {
        let (year, month, day) = date(self.0.div_euclid(SECONDS_A_DAY));
        let minutes = self.0.rem_euclid(SECONDS_A_DAY) / 60;
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
    }

    /// Date and time of day in UTC for names of files, such as `2026-11-22-084759`.
    pub fn for_file_names(self) -> String {
        let seconds = self.0.rem_euclid(SECONDS_A_DAY);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!("{}-{hours:02}{minutes:02}{:02}", Day::of(self), seconds % 60)
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years begin with March inside, so that a leap day is a year's last one.
const fn date(days_since_1970: i64) -> (i64, i64, i64) {
    // Days since 1 March of the year 0.
    let days = days_since_1970.saturating_add(719_468);
    let (cycle, day) = (days.div_euclid(DAYS_A_CYCLE), days.rem_euclid(DAYS_A_CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + next_year, month, day)
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().try_into().unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A day in UTC, counted from 1970-01-01. Shown as `2026-11-22`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    /// Seconds of a day.
    pub const SECONDS: i64 = SECONDS_A_DAY;

    /// The day of a moment.
    pub const fn of(time: UnixTime) -> Self {
        Self(time.0.div_euclid(Self::SECONDS))
    }

    /// The day `days` earlier.
    pub const fn back(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_795_337_279, "2026-11-22"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(Day::of(UnixTime(seconds)).to_string(), text);
        }
        for seconds in [i64::MIN, i64::MAX] {
            assert!(!Day::of(UnixTime(seconds)).back(i64::MAX).to_string().is_empty());
        }
    }

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_795_337_279, "2026-11-22 08:47 UTC"),
            (4_107_542_399, "2100-02-28 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(UnixTime(seconds).readable(), text);
        }
        assert_eq!(UnixTime(1_795_337_279).for_file_names(), "2026-11-22-084759");
    }

    #[test]
    fn a_moment_far_away_is_told_as_well() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(UnixTime(seconds).readable().ends_with("UTC"));
        }
    }
}
