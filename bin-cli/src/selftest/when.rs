//! Dates of HTTP (RFC 9110, 5.6.7).

use stakepool_core::time::{Day, UnixTime};

/// The moment of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; `None` where it is none. Whoever answers has written it.
pub(super) fn http_date(text: &str) -> Option<UnixTime> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u8 = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| name.len() == 3)?;
    let month = MONTHS.find(name).filter(|at| at % 3 == 0)? / 3 + 1;
    let year: u16 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u8>().ok().filter(|part| *part <= 60));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let day = Day::of_date(year.into(), i64::try_from(month).ok()?, day.into())?;
    let within = i64::from(hours) * 3_600 + i64::from(minutes) * 60 + i64::from(seconds);
    Some(UnixTime(day.0 * Day::SECONDS + within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds() {
        let seconds = |text| http_date(text).map(|time| time.0);
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        for bad in ["", "yesterday", "Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 6"] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_date_of_absurd_numbers_is_none() {
        for bad in [
            "Sun, 18446744073709551615 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 18446744073709551615 08:49:37 GMT",
            "Sun, 06 Nov 1994 18446744073709551615:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:18446744073709551615 GMT",
            "Sun, 06 Nov 1994 08:61:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }
}
