//! Whole blocks, as `getblock` answers them without verbosity.

use stakepool_core::chain::{BlockHeader, DecodeError, Reader, Transaction};
use stakepool_core::ports::Block;

/// The least that a transaction takes: version, three counts, lock time and expiry.
const SMALLEST_TRANSACTION: usize = 4 + 3 + 4 + 4;

/// Reads a block from hexadecimal text. Regular transactions are checked and dropped.
///
/// # Errors
/// [`DecodeError`] says at which field the text is not a block.
pub(in crate::json) fn read_block(hex: &str) -> Result<Block, DecodeError> {
    let bytes = hex::decode(hex).map_err(|error| DecodeError::Hex(error.to_string()))?;
    let mut reader = Reader::new(&bytes);
    let header = BlockHeader::read(&mut reader)?;
    let regular = reader.count(SMALLEST_TRANSACTION, "the count of regular transactions")?;
    for _ in 0..regular {
        Transaction::read(&mut reader)?;
    }
    let stake = reader.count(SMALLEST_TRANSACTION, "the count of stake transactions")?;
    let stake_transactions = (0..stake).map(|_| Transaction::read(&mut reader)).collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(Block { header, stake_transactions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn empty_block() -> Vec<u8> {
        let mut bytes = vec![0; BlockHeader::LENGTH];
        bytes.extend([0, 0]);
        bytes
    }

    #[test]
    fn a_block_without_transactions_is_one() {
        assert!(read_block(&hex::encode(empty_block())).unwrap().stake_transactions.is_empty());
    }

    #[test]
    fn counts_beyond_the_data_and_bytes_behind_the_end_are_refused() {
        let mut bytes = empty_block();
        bytes[BlockHeader::LENGTH] = 5;
        let error = read_block(&hex::encode(&bytes)).unwrap_err();
        assert_eq!(error, DecodeError::Truncated("the count of regular transactions"));
        let mut bytes = empty_block();
        bytes.push(0);
        assert_eq!(read_block(&hex::encode(&bytes)).unwrap_err(), DecodeError::Trailing(1));
        assert!(matches!(read_block("zz"), Err(DecodeError::Hex(_))));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 270..600)) {
            let _ = read_block(&hex::encode(bytes));
        }
    }
}
