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
    /// The length of an encoded header: 180 bytes of fields and the 100 bytes of an Equihash solution (n = 144, k = 5).
    /// Networks with other parameters of Equihash pad or cut their solution to that length.
    pub const LENGTH: usize = 280;

    /// Decodes one header and nothing else.
    ///
    /// # Errors
    /// [`DecodeError`] where bytes are missing or follow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let header = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(header)
    }

    /// Decodes hexadecimal text.
    ///
    /// # Errors
    /// As [`BlockHeader::decode`].
    pub fn decode_hex(text: &str) -> Result<Self, DecodeError> {
        Self::decode(&hex::decode(text).map_err(|error| DecodeError::Hex(error.to_string()))?)
    }

    /// Decodes the next header, leaving the reader behind it (as in a block).
    ///
    /// The block's hash covers the whole header, the solution of the proof of work included.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] where bytes are missing.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = reader.bytes(Self::LENGTH, "the block header")?;
        let mut fields = Reader::new(bytes);
        fields.u32("the header's version")?;
        let previous = BlockHash::from_bytes(fields.array("the previous block")?);
        fields.bytes(32 + 32, "the merkle roots")?;
        fields.bytes(2 + 6, "the vote bits and the final state")?;
        let voters = fields.u16("the voters")?;
        fields.bytes(1 + 1 + 4 + 4, "the counts and the difficulty")?;
        let stake_difficulty = Amount::from_atoms(fields.i64("the stake difficulty")?);
        let height = BlockHeight(fields.u32("the height")?);
        fields.u32("the size")?;
        let time = fields.u32("the time")?;
        Ok(Self { hash: BlockHash::from_bytes(sha256(bytes)), previous, voters, stake_difficulty, height, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reported by exccd 2.7.6 on simnet.
    const TODAY: &str = concat!(
        "0900000067582257f25a83a11be1559f001fc348ffea4d7896ffb8ab7dbafe3811a9a600f30454279f67eda31b634d17856b",
        "020c662c4f2d22f62160416d57190e27a891d8e5e3473d00f61fbbae64c6b16ed9d4314e96680d37db85200400a7603067bd",
        "01005fba250d4e4e040000014d010000d53301208488650300000000d1000000bd0a00000494026b080400002ea9e95a0fe6",
        "cff8000000000000000000000000000000000000000000000000000000000256df91f4379a157f135a0d9393a39b71db197b",
        "1094f4737995a06cf624b6680c7a75b200000000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000"
    );
    /// Reported by exccd 2.2.0 on simnet.
    const LEGACY: &str = concat!(
        "06000000dd6c2ecb0d0344c9565fdf7f7a9698ac728e1d4de0bdcc5a385b015c349e6d0148f5267d545082bba34c0b857cb3",
        "99a5d626aae21a9c8eae76f2fbe39703a009b39ac53d6b0e0a7cc40526e90ce61d7181e96d63d6a7a9758374b6667b11092e",
        "01005825b0e23ede0500050039010000ed5d0220204e000000000000d4000000c20f0000bd94026bf80000004cd2c3124360",
        "2bfd0000000000000000000000000000000000000000000000000000000007c34acc696d56dba212bf85d8e145111b79205e",
        "d54ef487ee3f815c77dd1ee5f68e93d100000000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000"
    );

    #[test]
    fn a_header_of_today_has_the_hash_and_the_fields_that_the_node_tells() {
        let header = BlockHeader::decode_hex(TODAY).unwrap();
        let hash = "006c53b9bea9ef5dba1d1d695f3894dfac9beb520b6901402cb58cbf53602e48";
        let previous = "00a6a91138feba7dabb8ff96784deaff48c31f009f55e11ba1835af257225867";
        assert_eq!(
            header,
            BlockHeader {
                hash: hash.parse().unwrap(),
                previous: previous.parse().unwrap(),
                voters: 4,
                stake_difficulty: Amount::from_atoms(56_985_732),
                height: BlockHeight(209),
                time: 1_795_331_076,
            }
        );
    }

    #[test]
    fn a_legacy_header_has_the_hash_and_the_fields_that_the_node_tells() {
        let header = BlockHeader::decode_hex(LEGACY).unwrap();
        assert_eq!(header.hash.to_string(), "01b4e51f13bfe013bfdeebd721a5674e5fb98dfb5e75d4a94e44077d18951932");
        assert_eq!((header.height, header.stake_difficulty.atoms(), header.voters), (BlockHeight(212), 20_000, 5));
    }

    #[test]
    fn a_cut_or_longer_header_is_refused_and_leaves_the_rest_of_a_block_to_the_reader() {
        let mut bytes = hex::decode(TODAY).unwrap();
        assert_eq!(BlockHeader::decode(&bytes[..279]), Err(DecodeError::Truncated("the block header")));
        bytes.push(7);
        assert_eq!(BlockHeader::decode(&bytes), Err(DecodeError::Trailing(1)));
        let mut reader = Reader::new(&bytes);
        assert_eq!(BlockHeader::read(&mut reader).unwrap().height, BlockHeight(209));
        assert_eq!(reader.u8("the rest"), Ok(7));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(BlockHeader::decode(&bytes).is_ok(), bytes.len() == BlockHeader::LENGTH);
        }
    }
}
