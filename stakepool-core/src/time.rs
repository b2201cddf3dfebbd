//! Points in time as the stores keep them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const SECONDS_A_DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats itself.
const DAYS_A_CYCLE: i64 = 146_097;
/// Days from 1 March of the year 0 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

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

    /// Date and time of day in UTC as ISO 8601 has them, such as `2026-11-22T08:47:59Z`.
    pub fn iso(self) -> String {
        let seconds = self.0.rem_euclid(SECONDS_A_DAY);
        format!("{}T{:02}:{:02}:{:02}Z", Day::of(self), seconds / 3600, seconds / 60 % 60, seconds % 60)
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
    let days = days_since_1970.saturating_add(DAYS_TO_1970);
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

    /// The day of a date in the Gregorian calendar, from the year 1 to 9999; `None` where there is no such day.
    pub fn of_date(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // As in `date`: years begin with March.
        let (shifted, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * month_from_march + 2) / 5;
        let found = Self(days + day - 1 - DAYS_TO_1970);
        // A day that the month does not have is one of the next month.
        (date(found.0) == (year, month, day)).then_some(found)
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
    fn a_date_is_the_day_that_is_shown_as_it() {
        for (date, days) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 22), 20_779),
        ] {
            assert_eq!(Day::of_date(date.0, date.1, date.2), Some(Day(days)), "{date:?}");
        }
        for day in (-719_162..2_932_897).step_by(13) {
            let (year, month, of_month) = date(day);
            assert_eq!(Day::of_date(year, month, of_month), Some(Day(day)));
        }
        let missing =
            [(2025, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (0, 1, 1)];
        for (year, month, day) in missing.into_iter().chain([(i64::MAX, 1, 1), (i64::MIN, 1, 1), (2026, 1, i64::MAX)]) {
            assert_eq!(Day::of_date(year, month, day), None, "{year}-{month}-{day}");
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
