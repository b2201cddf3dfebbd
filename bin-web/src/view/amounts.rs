//! How amounts are written, the same everywhere: fees with all eight digits behind the point, prices and rewards with at
//! least two, all with thousands apart, and only in commands, which a program reads, without these and idle zeros.

use stakepool_core::chain::Amount;

/// Digits behind the point of an amount that is written out.
const ALL: usize = 8;
/// Fewest of a price.
const FEWEST: usize = 2;

/// A fee.
pub fn fee(amount: Amount) -> String {
    grouped(&amount.to_string())
}

/// A price or a reward.
pub fn price(amount: Amount) -> String {
    grouped(&with_digits(amount, digits(amount).max(FEWEST)))
}

/// A sum for people: two digits behind the point, thousands apart.
pub fn rounded(amount: Amount) -> String {
    /// Atoms of a hundredth of a coin.
    const HUNDREDTH: i64 = 1_000_000;
    let hundredths = amount.atoms().saturating_add(HUNDREDTH / 2).div_euclid(HUNDREDTH).max(0);
    format!("{}.{:02}", grouped(&(hundredths / 100).to_string()), hundredths % 100)
}

/// A number for people, whose digits before the point are put in groups of three.
pub fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    text.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// Prices with equally many digits, so that they stand one below the other.
pub fn prices(amounts: &[Amount]) -> Vec<String> {
    let most = amounts.iter().copied().map(digits).max().unwrap_or(0).max(FEWEST);
    amounts.iter().map(|amount| grouped(&with_digits(*amount, most))).collect()
}

/// An amount for a command.
pub fn plain(amount: Amount) -> String {
    with_digits(amount, digits(amount))
}

/// How many digits behind the point are needed.
fn digits(amount: Amount) -> usize {
    let text = amount.to_string();
    ALL - (text.len() - text.trim_end_matches('0').len()).min(ALL)
}

fn with_digits(amount: Amount, digits: usize) -> String {
    let mut text = amount.to_string();
    // Without any digit the point goes, too.
    let idle = if digits == 0 { ALL + 1 } else { ALL - digits };
    text.truncate(text.len().saturating_sub(idle));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_amount_has_its_digits() {
        for (atoms, of_fee, of_price, of_command) in [
            (0, "0.00000000", "0.00", "0"),
            (100_000_000, "1.00000000", "1.00", "1"),
            (2_050_000_000, "20.50000000", "20.50", "20.5"),
            (100_000_000_000, "1,000.00000000", "1,000.00", "1000"),
            (1_490_000, "0.01490000", "0.0149", "0.0149"),
            (-123_456_700_000_000, "-1,234,567.00000000", "-1,234,567.00", "-1234567"),
            (-1, "-0.00000001", "-0.00000001", "-0.00000001"),
        ] {
            let amount = Amount::from_atoms(atoms);
            let written = (fee(amount), price(amount), plain(amount));
            assert_eq!(written, (of_fee.to_owned(), of_price.to_owned(), of_command.to_owned()));
        }
    }

    #[test]
    fn sums_are_rounded_with_thousands_apart() {
        for (atoms, text) in [
            (0, "0.00"),
            (499_999, "0.00"),
            (500_000, "0.01"),
            (99_999_500_000, "1,000.00"),
            (123_456_789_012_345, "1,234,567.89"),
            (-1, "0.00"),
        ] {
            assert_eq!(rounded(Amount::from_atoms(atoms)), text);
        }
    }

    #[test]
    fn prices_stand_one_below_the_other() {
        let written = |atoms: &[i64]| prices(&atoms.iter().copied().map(Amount::from_atoms).collect::<Vec<_>>());
        assert_eq!(written(&[100_000_000, 2_051_000_000]), ["1.00", "20.51"]);
        assert_eq!(written(&[100_000_000, 1]), ["1.00000000", "0.00000001"]);
        assert!(written(&[]).is_empty());
    }
}
