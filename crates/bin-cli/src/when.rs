//! Moments as people read them.

use stakepool_core::time::UnixTime;

const SECONDS_A_DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats itself.
const DAYS_A_CYCLE: i64 = 146_097;

/// Date and time of day in UTC, such as `2026-11-22 08:47 UTC`.
pub(crate) fn readable(time: UnixTime) -> String {
    let (year, month, day) = date(time.0.div_euclid(SECONDS_A_DAY));
    let minutes = time.0.rem_euclid(SECONDS_A_DAY) / 60;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years begin with March inside, so that a leap day is a year's last one.
const fn date(days_since_1970: i64) -> (i64, i64, i64) {
    // Days since 1 March of the year 0.
    let days = days_since_1970 + 719_468;
    let (cycle, day) = (days.div_euclid(DAYS_A_CYCLE), days.rem_euclid(DAYS_A_CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(readable(UnixTime(seconds)), text);
        }
    }

    #[test]
    fn a_moment_far_away_is_told_as_well() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(readable(UnixTime(seconds)).ends_with("UTC"));
        }
    }
}
