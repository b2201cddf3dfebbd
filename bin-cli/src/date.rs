//! Days and moments as people write them.

use stakepool_core::time::{Day, UnixTime};

/// The moment of a text such as `2027-01-15`, which is its first in UTC, or `2027-01-15T18:00`.
///
/// # Errors
/// What is wrong, and what would be right.
pub(crate) fn parse(text: &str) -> Result<UnixTime, String> {
    let wrong = || format!("`{text}` is no date: write 2027-01-15, or 2027-01-15T18:00 for a moment in UTC");
    let (date, time) = text.trim().trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text.trim(), "00:00"));
    let numbers = |text: &str, separator| {
        text.split(separator).map(|part| part.parse::<u16>().map(i64::from)).collect::<Result<Vec<_>, _>>().ok()
    };
    let day = match numbers(date, '-').as_deref() {
        Some([year, month, day]) => Day::of_date(*year, *month, *day),
        _ => None,
    };
    match (day, numbers(time, ':').as_deref()) {
        (Some(day), Some([hours @ 0..24, minutes @ 0..60])) => {
            Ok(UnixTime(day.0 * Day::SECONDS + hours * 3600 + minutes * 60))
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_read_in_utc() {
        for (text, readable) in [
            ("2027-01-15", "2027-01-15 00:00 UTC"),
            ("2027-01-15T18:05", "2027-01-15 18:05 UTC"),
            (" 2028-02-29 23:59Z ", "2028-02-29 23:59 UTC"),
        ] {
            assert_eq!(parse(text).map(UnixTime::readable).as_deref(), Ok(readable));
        }
        for text in ["", "tomorrow", "2027-02-29", "2027-01-15T24:00", "2027-01-15T1", "15.1.2027", "2027-1-15-3"] {
            assert!(parse(text).unwrap_err().contains("write 2027-01-15"), "{text}");
        }
    }
}
