//! What two tables share where they have the same rows, in whichever order an engine gives them.

use sha2::{Digest, Sha256};

use crate::sql::Value;

/// How many rows, and a sum over all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) rows: u64,
    sum: u128,
}

impl Fingerprint {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            match value {
                Value::Number(None) => hash.update([0]),
                Value::Number(Some(number)) => {
                    hash.update([1]);
                    hash.update(number.to_le_bytes());
                }
                Value::Text(text) => part(&mut hash, 2, text.as_bytes()),
                Value::Bytes(bytes) => part(&mut hash, 3, bytes),
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (first, _) = hash.split_at(16);
        let number = first.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        self.rows += 1;
        self.sum = self.sum.wrapping_add(number);
    }

    /// The sum for people and programs.
    pub(super) fn checksum(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

fn part(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[Value]]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        rows.iter().for_each(|row| fingerprint.add(row));
        fingerprint
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let text = |text: &str| Value::from(text);
        let (one, other): (&[Value], &[Value]) = (&[text("a"), text("b")], &[Value::from(1), Value::from(None)]);
        assert_eq!(of(&[one, other]), of(&[other, one]));
        let ab: &[Value] = &[text("ab"), text("")];
        let bytes: &[Value] = &[text("a"), Value::from(&b"b"[..])];
        for different in
            [&[one][..], &[one, one], &[ab, other], &[bytes, other], &[one, &[Value::from(0), Value::from(None)]]]
        {
            assert_ne!(of(different), of(&[one, other]));
        }
    }
}
