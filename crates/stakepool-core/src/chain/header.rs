//! Block headers, as far as the pool reads them.

use super::hash::{BlockHash, sha256};
use super::wire::{DecodeError, Reader};
use super::{Amount, BlockHeight};

/// The fields of a block header that matter to a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// The hash of the block.
    pub hash: BlockHash,
    /// The hash of the block before it.
    pub previous: BlockHash,
    /// Votes in the block on the one before it.
    pub voters: u16,
    /// The stake difficulty at which tickets in this block were bought.
    pub stake_difficulty: Amount,
    /// The height.
    pub height: BlockHeight,
    /// When the block was made, in Unix seconds.
    pub time: u32,
}

impl BlockHeader {
    /// The length of a header without the proof of work's solution.
    const LENGTH: usize = 180;

    /// Decodes a header.
    ///
    /// The hash covers all bytes given, since the solution of EXCC's proof of work (Equihash) follows the fields.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where bytes are missing.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.u32("the header's version")?;
        let previous = BlockHash::from_bytes(reader.array("the previous block")?);
        reader.bytes(32 + 32, "the merkle roots")?;
        reader.bytes(2 + 6, "the vote bits and the final state")?;
        let voters = reader.u16("the voters")?;
        reader.bytes(1 + 1 + 4 + 4, "the counts and the difficulty")?;
        let stake_difficulty = Amount::from_atoms(reader.i64("the stake difficulty")?);
        let height = BlockHeight(reader.u32("the height")?);
        reader.u32("the size")?;
        let time = reader.u32("the time")?;
        if bytes.len() < Self::LENGTH {
            return Err(DecodeError::Truncated("the header"));
        }
        Ok(Self { hash: BlockHash::from_bytes(sha256(bytes)), previous, voters, stake_difficulty, height, time })
    }

    /// Decodes hexadecimal text.
    ///
    /// # Errors
    /// As [`BlockHeader::decode`].
    pub fn decode_hex(text: &str) -> Result<Self, DecodeError> {
        Self::decode(&hex::decode(text).map_err(|error| DecodeError::Hex(error.to_string()))?)
    }
}
