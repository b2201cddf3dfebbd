//! What a certificate says of itself, as far as it matters to those who pin it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stakepool_core::time::Day;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
/// The explicit tag of a certificate's version.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const ELLIPTIC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
/// Sizes of RSA keys that are neither weak nor beyond what the cryptography takes.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Kinds of keys that can be used in TLS here, and their names.
const USABLE: [&[u8]; 4] = [
    b"\x2b\x65\x70",
    b"\x60\x86\x48\x01\x65\x03\x04\x03\x11",
    b"\x60\x86\x48\x01\x65\x03\x04\x03\x12",
    b"\x60\x86\x48\x01\x65\x03\x04\x03\x13",
];
/// P-256, P-384 and P-521.
const USABLE_CURVES: [&[u8]; 3] =
    [b"\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x2b\x81\x04\x00\x22", b"\x2b\x81\x04\x00\x23"];
/// Kinds of keys and curves that cannot be used, by the names that their makers know.
const OTHERS: [(&[u8], &str); 11] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "RSA for PSS only"),
    (b"\x2a\x86\x48\xce\x38\x04\x01", "DSA"),
    (b"\x2b\x65\x6e", "X25519, which signs nothing"),
    (b"\x2b\x65\x6f", "X448, which signs nothing"),
    (b"\x2b\x65\x71", "Ed448"),
    (b"\x2b\x81\x04\x00\x21", "of the curve P-224"),
    (b"\x2b\x81\x04\x00\x0a", "of the curve secp256k1"),
    (b"\x2a\x86\x48\xce\x3d\x03\x01\x01", "of the curve P-192"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07", "of the curve brainpoolP256r1"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", "of the curve brainpoolP384r1"),
    (b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", "of the curve brainpoolP512r1"),
];

/// The beginning and the end of a certificate; `None` where they cannot be read.
pub(super) fn validity(certificate: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let (begin, rest) = time(Parts::of(certificate)?.validity)?;
    Some((begin, time(rest)?.0))
}

/// Whether a CA's certificate is that of the issuer of another one, which that is not itself.
pub(super) fn is_issuer(ca: &[u8], certificate: &[u8]) -> bool {
    let (Some(ca), Some(issued)) = (Parts::of(ca), Parts::of(certificate)) else { return false };
    issued.issuer == ca.subject && issued.issuer != issued.subject
}

/// Why the key of a certificate cannot be used in TLS here; `None` where it can.
pub(super) fn objection(certificate: &[u8]) -> Option<String> {
    let Some(parts) = Parts::of(certificate) else { return Some("it cannot be found".to_owned()) };
    key_objection(parts.key).unwrap_or_else(|| Some("it cannot be read".to_owned()))
}

/// `None` where the key cannot be read.
fn key_objection(key: &[u8]) -> Option<Option<String>> {
    let (algorithm, after) = element(key, SEQUENCE)?;
    let (kind, parameters) = element(algorithm, OBJECT)?;
    if kind == RSA {
        let (bits, _) = element(after, BIT_STRING)?;
        let (numbers, _) = element(bits.split_first()?.1, SEQUENCE)?;
        let (modulus, _) = element(numbers, INTEGER)?;
        let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
        let size = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
        let judgement = if size < *RSA_BITS.start() { "which is too weak" } else { "which is more than is taken" };
        return Some((!RSA_BITS.contains(&size)).then(|| format!("it is RSA with {size} bits, {judgement}")));
    }
    let found = if kind == ELLIPTIC {
        let Some((curve, _)) = element(parameters, OBJECT) else {
            return Some(Some("its curve has no name but parameters of its own".to_owned()));
        };
        if USABLE_CURVES.contains(&curve) {
            return Some(None);
        }
        curve
    } else if USABLE.contains(&kind) {
        return Some(None);
    } else {
        kind
    };
    let name = OTHERS.iter().find(|(known, _)| *known == found).map_or("of an unknown kind", |(_, name)| name);
    Some(Some(format!("it is {name}")))
}

/// The parts of a certificate that are looked at.
struct Parts<'a> {
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
    key: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(certificate: &'a [u8]) -> Option<Self> {
        let (outer, _) = element(certificate, SEQUENCE)?;
        let (signed, _) = element(outer, SEQUENCE)?;
        let after_version = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
        let (_, after_serial) = element(after_version, INTEGER)?;
        let (_, after_algorithm) = element(after_serial, SEQUENCE)?;
        let (issuer, after_issuer) = element(after_algorithm, SEQUENCE)?;
        let (validity, after_validity) = element(after_issuer, SEQUENCE)?;
        let (subject, after_subject) = element(after_validity, SEQUENCE)?;
        let (key, _) = element(after_subject, SEQUENCE)?;
        Some(Self { issuer, validity, subject, key })
    }
}

/// The bytes of the sequence with which some begin, its head included; what follows it is left out.
pub(super) fn first_sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (_, rest) = element(bytes, SEQUENCE)?;
    Some(&bytes[..bytes.len() - rest.len()])
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
    let number = |from: usize, digits: usize| text.get(from..from + digits)?.parse::<u32>().ok();
    let year = number(0, year_digits)?;
    let year = if year_digits == 4 { year } else { year + if year < 50 { 2000 } else { 1900 } };
    let part = |n: usize| number(year_digits + 2 * n, 2);
    let day = Day::of_date(year.into(), part(0)?.into(), part(1)?.into())?;
    let seconds = Day::SECONDS * day.0 + i64::from(part(2)? * 3600 + part(3)? * 60 + part(4)?);
    Some((UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_from_1970_on() {
        let read = |tag: u8, text: &str| {
            let element = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            time(&element).map(|(time, _)| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(read(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(read(UTC_TIME, "000229235959Z"), Some(951_868_799));
        assert_eq!(read(GENERALIZED_TIME, "20261122084759Z"), Some(1_795_337_279));
        for wrong in ["20261301000000Z", "20250229000000Z", "19691231235959Z", "2026112208475", "00000101000000Z", "Z"]
        {
            assert_eq!(read(GENERALIZED_TIME, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_parts() {
        let odd = [SEQUENCE, 0x82, 0x01, 0x00, SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff, 0x80];
        for cut in 0..=odd.len() {
            assert!(Parts::of(&odd[..cut]).is_none());
        }
    }
}
