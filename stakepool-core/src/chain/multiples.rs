//! Multiples of secp256k1's generator, prepared for adding many tweaks to one key.

use secp256k1::{Error, PublicKey, SecretKey};

use crate::spread;

/// The 32 bytes of a scalar, each with its 255 multiples that are not zero.
///
/// A tweak's multiple of the generator is then a sum of at most 32 of them, where libsecp256k1's own tweak doubles a
/// point 128 times: less than half the work for each key, once a few hundred keys have paid for the table (half a
/// megabyte, a few milliseconds). Only public points are added here, so nothing depends on constant time.
pub(super) struct GeneratorMultiples(Vec<Row>);

/// `n * 256^i * G` at `n - 1`, for one `i`.
type Row = Vec<PublicKey>;

impl GeneratorMultiples {
    /// Where deriving so many keys one by one costs more than the table.
    pub(super) const WORTH_FROM: u32 = 2_000;

    pub(super) fn prepare() -> Result<Self, Error> {
        spread::over_range(0..=31, row).map(Self)
    }

    /// `key + tweak * G`, the tweak as big-endian bytes.
    ///
    /// # Errors
    /// Where the sum is the point at infinity.
    pub(super) fn add_to(&self, key: &PublicKey, tweak: &[u8; 32]) -> Result<PublicKey, Error> {
        let mut terms = Vec::with_capacity(33);
        terms.push(key);
        terms.extend(self.0.iter().zip(tweak).filter_map(|(row, &byte)| row.get(usize::from(byte).checked_sub(1)?)));
        PublicKey::combine_keys(&terms)
    }
}

/// The row of the `at`th byte from the left.
fn row(at: u32) -> Result<Row, Error> {
    let mut unit = [0; 32];
    unit[at as usize] = 1;
    let unit = PublicKey::from_secret_key(&SecretKey::from_secret_bytes(unit)?);
    let mut row = vec![unit];
    for _ in 2..=255 {
        let last = row[row.len() - 1];
        row.push(last.combine(&unit)?);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use secp256k1::Scalar;

    use super::*;

    #[test]
    fn a_sum_of_multiples_is_the_librarys_tweak() {
        let multiples = GeneratorMultiples::prepare().unwrap();
        let key = PublicKey::from_secret_key(&SecretKey::from_secret_bytes([7; 32]).unwrap());
        let mut below_order = [0xff; 32];
        below_order[15] = 0xfd;
        for tweak in [[0; 32], [1; 32], [0x80; 32], below_order, std::array::from_fn(|n| n as u8 * 8)] {
            let expected = key.add_exp_tweak(&Scalar::from_be_bytes(tweak).unwrap()).unwrap();
            assert_eq!(multiples.add_to(&key, &tweak), Ok(expected), "{tweak:?}");
        }
    }
}
