//! The fee that a ticket must commit to the pool.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chain::{Amount, BlockHeight, Params, vote_subsidy};

/// A pool's fee in percent of the reward, in hundredths of a percent inside.
///
/// The hundredths are the floor of the IEEE double product of percentage and 100, as the wallets compute them:
/// 8.2 is 819 hundredths. Parsing the decimals exactly would reject tickets that the wallets accept.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PoolFee(f64);

/// A text or number that is no pool fee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pool fee: give a percentage from 0 to 100, such as 7.5")]
pub struct FeeError(pub String);

impl PoolFee {
    /// A fee from a percentage.
    ///
    /// # Errors
    /// [`FeeError`] below 0 or above 100, or where the number is not finite.
    pub fn from_percent(percent: f64) -> Result<Self, FeeError> {
        if (0.0..=100.0).contains(&percent) { Ok(Self(percent)) } else { Err(FeeError(percent.to_string())) }
    }

    /// The percentage as it was given.
    pub const fn percent(self) -> f64 {
        self.0
    }

    /// Hundredths of a percent, as the wallets compute them.
    pub fn hundredths(self) -> u32 {
        // At most 10,000 after the check at construction.
        (self.0 * 100.0).floor() as u32
    }
}

impl fmt::Display for PoolFee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PoolFee {
    type Err = FeeError;

    fn from_str(text: &str) -> Result<Self, FeeError> {
        let percent: f64 = text.trim().parse().map_err(|_| FeeError(text.to_owned()))?;
        Self::from_percent(percent).map_err(|_| FeeError(text.to_owned()))
    }
}

impl Serialize for PoolFee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for PoolFee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_percent(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The fee in atoms that a ticket of `price` and with a transaction fee of `relay_fee` must commit when it is mined
/// at `height`.
///
/// The rule is exccwallet's (`StakePoolTicketFee`): the share of the reward that the pool's percentage buys, with
/// the subsidy grown by a factor of 101/100 for every reduction that a full ticket pool spans. Every division
/// rounds down. The largest result that does not fit is capped.
///
/// Negative amounts count as zero. Here exccwallet differs: it does not clamp a negative transaction fee, and so asks for
/// less, or for less than nothing. No wallet makes such a ticket; where somebody does, the pool's income is not reduced.
pub fn required_fee(params: &Params, price: Amount, relay_fee: Amount, height: BlockHeight, fee: PoolFee) -> Amount {
    let adjustments = params.ticket_pool_size.div_ceil(params.subsidy_reduction_interval);
    let mut subsidy = unsigned(vote_subsidy(params, height));
    for _ in 0..adjustments {
        subsidy = subsidy * 100 / 101;
    }
    let (price, relay_fee) = (unsigned(price), unsigned(relay_fee));
    let whole = subsidy + price;
    if whole == 0 {
        return Amount::ZERO;
    }
    // hundredths < 2^14, subsidy < 2^51, price + relay fee < 2^64: the product is below 2^129 only in theory,
    // since supplies are below 2^52; saturate rather than wrap for amounts that no chain can hold.
    let product = (u128::from(fee.hundredths()) * subsidy).saturating_mul(price + relay_fee);
    Amount::from_atoms(i64::try_from(product / (10_000 * whole)).unwrap_or(i64::MAX))
}

fn unsigned(amount: Amount) -> u128 {
    u128::try_from(amount.atoms()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Generation, Network};
    use proptest::prelude::*;

    #[test]
    fn a_negative_transaction_fee_counts_as_none_and_never_lowers_the_pools_fee() {
        let params = Network::Mainnet.params(Generation::Today);
        let fee = PoolFee::from_percent(7.5).unwrap();
        let asked = |relay_fee| {
            let relay_fee = Amount::from_atoms(relay_fee);
            required_fee(&params, Amount::from_atoms(2_000_000_000), relay_fee, BlockHeight(100_000), fee)
        };
        assert!(asked(0) > Amount::ZERO);
        for negative in [-1, -2_100_000_000, i64::MIN] {
            assert_eq!(asked(negative), asked(0));
        }
    }

    #[test]
    fn percentages_round_down_as_ieee_doubles_do() {
        for (text, hundredths) in
            [("8.2", 819), ("4.1", 409), ("1.15", 114), ("36.48", 3647), ("7.5", 750), ("100", 10_000)]
        {
            assert_eq!(text.parse::<PoolFee>().unwrap().hundredths(), hundredths, "{text}");
        }
    }

    #[test]
    fn impossible_percentages_are_refused() {
        for text in ["-1", "100.01", "NaN", "inf", "", "five", "7,5"] {
            assert!(text.parse::<PoolFee>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_amounts_overflow(price: i64, relay_fee: i64, height: u32, percent in 0.0..=100.0f64) {
            let params = Network::Simnet.params(Generation::Today);
            let fee = PoolFee::from_percent(percent).unwrap();
            let required = required_fee(&params, Amount::from_atoms(price), Amount::from_atoms(relay_fee), BlockHeight(height), fee);
            prop_assert!(required >= Amount::ZERO);
        }

        #[test]
        fn a_higher_percentage_never_asks_less(price in 0i64..1 << 50, height in 0u32..100_000, low in 0.0..=100.0f64, high in 0.0..=100.0f64) {
            let params = Network::Mainnet.params(Generation::Today);
            let ask = |percent| required_fee(&params, Amount::from_atoms(price), Amount::from_atoms(1000), BlockHeight(height), PoolFee::from_percent(percent).unwrap());
            prop_assert!(ask(low.min(high)) <= ask(low.max(high)));
        }
    }
}
