//! Numbers as the predecessor's language writes them in JSON.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A double that is written as the shortest decimal that reads back the same: whole numbers without a point, an
/// exponent only below 0.000001 and from 10^21 on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal(pub f64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let size = self.0.abs();
        let text = if !self.0.is_finite() || size == 0.0 {
            // JSON has no other numbers; a wallet that reports none is shown as nothing.
            "0".to_owned()
        } else if size < 1e-6 {
            format!("{:e}", self.0)
        } else if size >= 1e21 {
            format!("{:e}", self.0).replace('e', "e+")
        } else {
            self.0.to_string()
        };
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(number: f64) -> String {
        serde_json::to_string(&Decimal(number)).unwrap()
    }

    #[test]
    fn numbers_look_as_the_predecessor_wrote_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (7.5, "7.5"),
            (5.0, "5"),
            (0.000_352_98, "0.00035298"),
            (0.015_015_015_015_015_015, "0.015015015015015015"),
            (89.108_910_87, "89.10891087"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (0.000_000_012, "1.2e-8"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (f64::NAN, "0"),
            (f64::INFINITY, "0"),
        ] {
            assert_eq!(written(number), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(number in any::<f64>().prop_filter("JSON has it", |n| n.is_finite())) {
            prop_assert_eq!(written(number).parse::<f64>().unwrap(), number);
        }
    }
}
