//! Blocks in their real serialization.

use stakepool_core::chain::{
    Amount, BlockHash, BlockHeader, BlockHeight, DecodeError, Reader, merkle_root, put_var_int, sha256,
};

use super::tx::Tx;

/// Block version of today's simnet.
pub(crate) const HEADER_VERSION_TODAY: u32 = 9;
/// Block version of legacy simnet.
pub(crate) const HEADER_VERSION_LEGACY: u32 = 6;
/// Length of the proof of work's solution (Equihash), which the hash covers.
const SOLUTION: usize = 100;

/// The fields of a block header that are not constant here.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub version: u32,
    pub previous: BlockHash,
    pub merkle_root: [u8; 32],
    pub stake_root: [u8; 32],
    pub final_state: [u8; 6],
    pub voters: u16,
    pub fresh_stake: u8,
    pub revocations: u8,
    /// Live tickets before the block.
    pub pool_size: u32,
    pub stake_difficulty: Amount,
    pub height: BlockHeight,
    pub size: u32,
    /// Unix seconds.
    pub time: u32,
    pub nonce: u32,
}

/// Vote bits of a header whose voters approve the block before it.
pub(crate) const APPROVED: u16 = 1;
/// The difficulty of the proof of work: simnet's easiest.
pub(crate) const BITS: u32 = 0x2002_5ded;

impl Header {
    /// The serialization: 180 bytes of fields, 100 of the proof of work's solution.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(280);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(self.previous.as_bytes());
        out.extend_from_slice(&self.merkle_root);
        out.extend_from_slice(&self.stake_root);
        out.extend_from_slice(&APPROVED.to_le_bytes());
        out.extend_from_slice(&self.final_state);
        out.extend_from_slice(&self.voters.to_le_bytes());
        out.extend_from_slice(&[self.fresh_stake, self.revocations]);
        out.extend_from_slice(&self.pool_size.to_le_bytes());
        out.extend_from_slice(&BITS.to_le_bytes());
        out.extend_from_slice(&self.stake_difficulty.atoms().to_le_bytes());
        out.extend_from_slice(&self.height.0.to_le_bytes());
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&self.nonce.to_le_bytes());
        // Extra data and stake version.
        out.extend_from_slice(&[0; 32 + 4]);
        out.extend_from_slice(&[0; SOLUTION]);
        out
    }

    /// Reads what [`Header::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = u32::from_le_bytes(reader.array("the version")?);
        let previous = BlockHash::from_bytes(reader.array("the previous block")?);
        let merkle_root = reader.array("the merkle root")?;
        let stake_root = reader.array("the stake root")?;
        reader.bytes(2, "the vote bits")?;
        let final_state = reader.array("the final state")?;
        let voters = u16::from_le_bytes(reader.array("the voters")?);
        let [fresh_stake, revocations] = reader.array("the counts")?;
        let pool_size = u32::from_le_bytes(reader.array("the pool size")?);
        reader.bytes(4, "the difficulty")?;
        let stake_difficulty = Amount::from_atoms(i64::from_le_bytes(reader.array("the stake difficulty")?));
        let height = BlockHeight(u32::from_le_bytes(reader.array("the height")?));
        let size = u32::from_le_bytes(reader.array("the size")?);
        let time = u32::from_le_bytes(reader.array("the time")?);
        let nonce = u32::from_le_bytes(reader.array("the nonce")?);
        Ok(Self {
            version,
            previous,
            merkle_root,
            stake_root,
            final_state,
            voters,
            fresh_stake,
            revocations,
            pool_size,
            stake_difficulty,
            height,
            size,
            time,
            nonce,
        })
    }
}

/// A block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub hash: BlockHash,
    pub header: Header,
    /// The regular tree: the coinbase, then payments.
    pub regular: Vec<Tx>,
    /// The stake tree: votes, tickets, revocations.
    pub stake: Vec<Tx>,
}

impl Block {
    /// Completes a header with what follows from the transactions.
    pub(crate) fn seal(mut header: Header, regular: Vec<Tx>, stake: Vec<Tx>) -> Self {
        let (regular_root, regular_size) = root_and_size(&regular);
        let (stake_root, stake_size) = root_and_size(&stake);
        // Today one root covers both trees; what stands in the other's place (a root of filters) nobody reads here.
        (header.merkle_root, header.stake_root) = if header.version >= HEADER_VERSION_TODAY {
            (sha256(&[regular_root, stake_root].concat()), [0; 32])
        } else {
            (regular_root, stake_root)
        };
        header.size = (regular_size + stake_size + 280 + 2) as u32;
        Self { hash: BlockHash::from_bytes(sha256(&header.encode())), header, regular, stake }
    }

    /// What clients read of the header.
    pub(crate) fn facts(&self) -> BlockHeader {
        let Header { previous, voters, stake_difficulty, height, time, .. } = self.header;
        BlockHeader { hash: self.hash, previous, voters, stake_difficulty, height, time }
    }

    /// The whole serialization.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.header.encode();
        for tree in [&self.regular, &self.stake] {
            put_var_int(&mut out, tree.len() as u64);
            for transaction in tree {
                out.extend_from_slice(&transaction.body.encode());
            }
        }
        out
    }
}

/// The root of a tree, and the size of its transactions.
fn root_and_size(tree: &[Tx]) -> ([u8; 32], usize) {
    let size = tree.iter().map(|transaction| transaction.body.encode().len()).sum();
    (merkle_root(tree.iter().map(|transaction| transaction.body.as_ref())), size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{BlockHeader, Inclusion, Transaction};

    fn header(version: u32) -> Header {
        Header {
            version,
            previous: BlockHash::from_bytes([3; 32]),
            merkle_root: [0; 32],
            stake_root: [0; 32],
            final_state: [1; 6],
            voters: 4,
            fresh_stake: 5,
            revocations: 1,
            pool_size: 320,
            stake_difficulty: Amount::from_atoms(20_000_000),
            height: BlockHeight(150),
            size: 0,
            time: 1_800_000_000,
            nonce: 7,
        }
    }

    #[test]
    fn a_header_covers_the_stake_transactions_as_that_of_a_real_node() {
        let transaction =
            |lock_time| Transaction { version: 1, inputs: Vec::new(), outputs: Vec::new(), lock_time, expiry: 0 };
        let txs = |numbers: std::ops::Range<u32>| numbers.map(transaction).map(Tx::from).collect::<Vec<_>>();
        for version in [HEADER_VERSION_TODAY, HEADER_VERSION_LEGACY] {
            let block = Block::seal(header(version), txs(0..2), txs(10..15));
            let held = transaction(13);
            let shown = Inclusion::of(&block.encode(), &held).unwrap().unwrap();
            assert_eq!(shown.check(&held).unwrap().hash, block.hash);
        }
    }

    #[test]
    fn a_header_is_read_by_the_pool_with_the_same_hash() {
        let block = Block::seal(header(HEADER_VERSION_TODAY), Vec::new(), Vec::new());
        let bytes = block.header.encode();
        assert_eq!(bytes.len(), 280);
        let read = BlockHeader::decode(&bytes).unwrap();
        assert_eq!((read.hash, read.previous, read.voters), (block.hash, BlockHash::from_bytes([3; 32]), 4));
        assert_eq!((read.height, read.time), (BlockHeight(150), 1_800_000_000));
        assert_eq!(read.stake_difficulty, Amount::from_atoms(20_000_000));
        assert_eq!(Header::decode(&bytes).unwrap().encode(), bytes);
    }
}
