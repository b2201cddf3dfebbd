//! Amounts of money in atoms.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in atoms; 1 EXCC is 100,000,000 atoms. May be negative as the result of a subtraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

/// A text or number that is no amount of EXCC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The text is not a decimal number.
    #[error("`{0}` is not an amount in EXCC: write digits with at most 8 after the point, such as 12.5")]
    NotDecimal(String),
    /// The number does not fit.
    #[error("`{0}` EXCC is out of range")]
    OutOfRange(String),
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// Atoms in one EXCC.
    pub const ATOMS_PER_COIN: i64 = 100_000_000;

    /// An amount of so many atoms.
    pub const fn from_atoms(atoms: i64) -> Self {
        Self(atoms)
    }

    /// The amount in atoms.
    pub const fn atoms(self) -> i64 {
        self.0
    }

    /// The nearest amount to a number of coins as the JSON-RPC programs print it (a double with 8 decimals).
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] for a number that is not finite or does not fit.
    pub fn from_coins(coins: f64) -> Result<Self, AmountError> {
        let atoms = (coins * Self::ATOMS_PER_COIN as f64).round();
        // 2^63 as a double is exact, so everything strictly below it fits.
        if atoms.is_finite() && atoms.abs() < 9_223_372_036_854_775_808.0 {
            Ok(Self(atoms as i64))
        } else {
            Err(AmountError::OutOfRange(coins.to_string()))
        }
    }

    /// The sum, or `None` where it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of all, or `None` where it does not fit.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl Sum for Amount {
    /// Saturates at the limits of the type.
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, |a, b| Self(a.0.saturating_add(b.0)))
    }
}

impl fmt::Display for Amount {
    /// Coins with exactly eight decimals, without the unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let atoms = self.0.unsigned_abs();
        let coin = Self::ATOMS_PER_COIN.unsigned_abs();
        write!(f, "{sign}{}.{:08}", atoms / coin, atoms % coin)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let not_decimal = || AmountError::NotDecimal(text.to_owned());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 8 || !all_digits(whole) || !all_digits(fraction) {
            return Err(not_decimal());
        }
        let joined = format!("{whole}{fraction:0<8}");
        let magnitude: i128 = joined.parse().map_err(|_| AmountError::OutOfRange(text.to_owned()))?;
        let signed = if negative { -magnitude } else { magnitude };
        i64::try_from(signed).map(Self).map_err(|_| AmountError::OutOfRange(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_parses_back(atoms: i64) {
            let amount = Amount::from_atoms(atoms);
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
        }

        #[test]
        fn a_wallets_double_gives_the_exact_atoms_up_to_eleven_million_coins(atoms in -(1i64 << 50)..(1i64 << 50)) {
            let coins: f64 = Amount::from_atoms(atoms).to_string().parse().unwrap();
            prop_assert_eq!(Amount::from_coins(coins), Ok(Amount::from_atoms(atoms)));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Amount>();
        }
    }

    #[test]
    fn amounts_beyond_the_limits_are_refused() {
        assert!(matches!("92233720368.54775808".parse::<Amount>(), Err(AmountError::OutOfRange(_))));
        assert_eq!("92233720368.54775807".parse(), Ok(Amount::from_atoms(i64::MAX)));
        assert!(Amount::from_coins(f64::NAN).is_err());
        assert!(Amount::from_coins(1e300).is_err());
        assert_eq!(Amount::from_atoms(i64::MAX).checked_add(Amount::from_atoms(1)), None);
    }

    #[test]
    fn nine_decimals_and_signs_inside_are_refused() {
        for text in ["1.123456789", "", ".", "+1", "1.-5", "1e3", "--1"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }
}
