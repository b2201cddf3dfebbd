//! One-time passwords from the time (RFC 6238: HMAC-SHA-1, six digits, half minutes), and codes for when the device
//! that makes them is lost.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::readable::ReadableCode;
use super::tokens::SecureRandom;
use crate::time::UnixTime;
use crate::typed::code;

/// Seconds of a step.
const STEP: i64 = 30;
/// How many steps the device's clock may be off, either way.
const DRIFT: i64 = 1;
/// Bytes of a secret: as many as of an SHA-1 hash (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// How many recovery codes a user gets.
const RECOVERY_CODES: usize = 10;

/// The number of a half minute since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(pub i64);

/// A secret that the pool shares with a user's device.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A new secret.
    pub fn random(source: &dyn SecureRandom) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        source.fill(&mut bytes);
        Self(bytes)
    }

    /// A secret as it lies in a store; `None` where it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for the store.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as users type it into their device.
    pub fn reveal(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The address that a QR code holds, for an account at an issuer.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent(issuer), percent(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.reveal())
    }

    /// The code of a step.
    pub fn code(&self, step: TotpStep) -> String {
        let mut key = [0; 64];
        key[..SECRET_BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha1>::new(&key.into());
        mac.update(&step.0.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[19] & 0x0f);
        let number = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
        format!("{:06}", number % 1_000_000)
    }

    /// The step whose code was typed, among those around `now`. Blanks and dashes do not count. Whether that step was used
    /// before is for the store to say.
    pub fn step_of(&self, typed: &str, now: UnixTime) -> Option<TotpStep> {
        let typed: String = code(typed).chars().take(16).collect();
        let middle = now.0.div_euclid(STEP);
        // All are compared, so that the time tells nothing.
        (middle - DRIFT..=middle + DRIFT).map(TotpStep).fold(None, |found, step| {
            let same: bool = self.code(step).as_bytes().ct_eq(typed.as_bytes()).into();
            if same { Some(step) } else { found }
        })
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// A code that opens an account once in the place of a one-time password.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(ReadableCode);

impl RecoveryCode {
    /// A user's new codes.
    pub fn some(source: &dyn SecureRandom) -> Vec<Self> {
        (0..RECOVERY_CODES).map(|_| Self(ReadableCode::random(source))).collect()
    }

    /// Reads a code as a user types it: capitals, width, spaces and dashes do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        ReadableCode::parse(text).map(Self)
    }

    /// What the user gets, once.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What a store keeps.
    pub fn hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// A text as part of an address.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::SystemRandom;
    use proptest::prelude::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(TotpStep(seconds / STEP)), code);
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let (code, at) = (secret().code(TotpStep(1000)), |step: i64| UnixTime(step * STEP));
        for step in 999..=1001 {
            assert_eq!(secret().step_of(&code, at(step)), Some(TotpStep(1000)));
        }
        assert_eq!(secret().step_of(&code, at(998)), None);
        assert_eq!(secret().step_of(&code, at(1002)), None);
        let wide: String = code.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
        for blank in [" ", "\u{a0}", "\u{2009}", "\u{3000}", "-", "–", "\u{200b}"] {
            let typed = format!("{blank}{}{blank}{}\r\n", &code[..3], &code[3..]);
            assert_eq!(secret().step_of(&typed, at(1000)), Some(TotpStep(1000)), "{typed:?}");
        }
        assert_eq!(secret().step_of(&wide, at(1000)), Some(TotpStep(1000)), "{wide}");
        assert_eq!(secret().step_of("", at(1000)), None);
        assert_eq!(secret().step_of(&format!("{code}0"), at(1000)), None);
    }

    #[test]
    fn the_address_for_devices_is_escaped() {
        let uri = secret().uri("EXCC pool", "a+b@example.org");
        assert_eq!(
            uri,
            "otpauth://totp/EXCC%20pool:a%2Bb%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=EXCC%20pool"
        );
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let codes = RecoveryCode::some(&SystemRandom);
        assert_eq!(codes.len(), RECOVERY_CODES);
        assert_ne!(codes[0], codes[1]);
        let text = codes[0].reveal();
        assert_eq!(text.len(), 19);
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        for typed in [
            text.clone(),
            text.to_uppercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('-', "–"),
            text.replace('-', "\u{2011}\u{200b}"),
            text.chars().map(wide).collect(),
        ] {
            assert_eq!(RecoveryCode::parse(&typed), Some(codes[0].clone()));
        }
        assert_eq!(RecoveryCode::parse("123456"), None);
        assert_eq!(format!("{:?} {:?}", codes[0], secret()), "RecoveryCode(…) TotpSecret(…)");
    }

    proptest! {
        #[test]
        fn no_text_and_no_time_panics(text in ".*", now in any::<i32>()) {
            let _ = secret().step_of(&text, UnixTime(now.into()));
            let _ = RecoveryCode::parse(&text);
        }
    }
}
