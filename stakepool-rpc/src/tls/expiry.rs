//! When a certificate ends.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::TlsError;
use super::pem;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// The explicit tag of a certificate's version.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the first certificate of a PEM text. Those who pin the certificate do not look at it; the predecessor's
/// programs do.
///
/// # Errors
/// [`TlsError`] where the text holds no certificate, or one without a readable end.
pub fn certificate_end(text: &[u8]) -> Result<SystemTime, TlsError> {
    let certificates = pem::certificates(text)?;
    let end = certificates.first().and_then(|certificate| end_of(certificate));
    end.ok_or_else(|| TlsError::BadCertificate { number: 1, reason: "its validity cannot be read".to_owned() })
}

fn end_of(certificate: &[u8]) -> Option<SystemTime> {
    let (outer, _) = element(certificate, SEQUENCE)?;
    let (signed, _) = element(outer, SEQUENCE)?;
    let after_version = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_, after_serial) = element(after_version, INTEGER)?;
    let (_, after_algorithm) = element(after_serial, SEQUENCE)?;
    let (_, after_issuer) = element(after_algorithm, SEQUENCE)?;
    let (validity, _) = element(after_issuer, SEQUENCE)?;
    let (_, end) = time(validity)?;
    time(end).map(|(end, _)| end)
}

/// The content of the element with a tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, &length, rest) = match bytes {
        [first, length, rest @ ..] => (first, length, rest),
        _ => return None,
    };
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x0f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (text, rest, year_digits) = match element(bytes, UTC_TIME) {
        Some((text, rest)) => (text, rest, 2),
        None => element(bytes, GENERALIZED_TIME).map(|(text, rest)| (text, rest, 4))?,
    };
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?.strip_suffix('Z')?;
    let number = |from: usize, digits: usize| text.get(from..from + digits)?.parse::<u64>().ok();
    let year = number(0, year_digits)?;
    let year = if year_digits == 4 { year } else { year + if year < 50 { 2000 } else { 1900 } };
    let part = |n: usize| number(year_digits + 2 * n, 2);
    let days = days_since_1970(year, part(0)?, part(1)?)?;
    let seconds = days * 86_400 + part(2)? * 3600 + part(3)? * 60 + part(4)?;
    Some((UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?, rest))
}

/// Days to a date of the Gregorian calendar from 1970 on.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let leap = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = leap(year) > leap(year.checked_sub(1)?);
    let leap_day = u64::from(is_leap && month > 2);
    (365 * year.checked_sub(1970)? + leap(year - 1) + before + leap_day + day.checked_sub(1)?).checked_sub(leap(1969))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_has_them() {
        for (date, days) in
            [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2000, 3, 1), 11_017), ((2026, 11, 22), 20_779)]
        {
            assert_eq!(days_since_1970(date.0, date.1, date.2), Some(days), "{date:?}");
        }
        assert_eq!(days_since_1970(2026, 13, 1), None);
        assert_eq!(days_since_1970(1969, 1, 1), None);
    }

    #[cfg(feature = "certificates")]
    #[test]
    fn a_certificate_that_was_just_made_ends_in_ten_years() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("c"), folder.path().join("k"));
        let now = UNIX_EPOCH + Duration::from_secs(1_795_305_600);
        crate::tls::ensure_server_pair(&certificate, &key, &[], now).unwrap();
        let end = certificate_end(&std::fs::read(&certificate).unwrap()).unwrap();
        let years = end.duration_since(now).unwrap().as_secs_f64() / 86_400.0 / 365.25;
        assert!((9.9..10.1).contains(&years), "{years}");
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(certificate_end(b"nothing"), Err(TlsError::NoCertificate));
        for cut in 0..40 {
            let _ = end_of(&[SEQUENCE, 0x82, 0x01, 0x00, SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff, 0x80][..cut.min(11)]);
        }
    }
}
