//! The proof that a block holds a stake transaction.

use super::hash::sha256;
use super::header::BlockHeader;
use super::transaction::Transaction;
use super::wire::{DecodeError, Reader};

/// Where the root of both trees of transactions stands in a header; older headers have that of the regular tree there.
const MERKLE_ROOT: std::ops::Range<usize> = 36..68;
/// Where the root of the stake tree stands in older headers.
const STAKE_ROOT: std::ops::Range<usize> = 68..100;
/// Most steps from a transaction to the root: no block holds as many transactions.
const DEEPEST: usize = 32;

type Hash = [u8; 32];

/// What shows that a block holds a stake transaction: the block's header, and the way from the transaction to a root in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The whole header, encoded.
    pub header: Vec<u8>,
    /// The root of the block's regular transactions.
    pub regular_root: Hash,
    /// The place of the transaction among the block's stake transactions.
    pub place: u32,
    /// The hash that each step is joined with, from the transaction up.
    pub path: Vec<Hash>,
}

/// Why a block is not shown to hold a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InclusionError {
    /// Header or block cannot be decoded.
    #[error("the block cannot be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// The way leads to another root.
    #[error("the block's header does not cover the transaction")]
    OtherRoot,
}

impl Inclusion {
    /// Shows that an encoded block holds a stake transaction; `None` where it does not.
    ///
    /// # Errors
    /// [`InclusionError::Decode`] where the bytes are no block.
    pub fn of(block: &[u8], transaction: &Transaction) -> Result<Option<Self>, InclusionError> {
        let mut reader = Reader::new(block);
        let header = reader.bytes(BlockHeader::LENGTH, "the block header")?.to_vec();
        let regular = leaves(&mut reader)?;
        let stake = leaves(&mut reader)?;
        reader.finish()?;
        let Some(place) = stake.iter().position(|leaf| *leaf == leaf_of(transaction)) else { return Ok(None) };
        let (regular_root, path) = (root(regular), path(stake, place));
        Ok(Some(Self { header, regular_root, place: u32::try_from(place).unwrap_or(u32::MAX), path }))
    }

    /// The header of the block, where that holds the transaction.
    ///
    /// # Errors
    /// [`InclusionError`] where it does not, or the header is none.
    pub fn check(&self, transaction: &Transaction) -> Result<BlockHeader, InclusionError> {
        let header = BlockHeader::decode(&self.header)?;
        let mut place = self.place;
        let mut hash = leaf_of(transaction);
        for other in self.path.iter().take(DEEPEST) {
            hash = if place.is_multiple_of(2) { joined(&hash, other) } else { joined(other, &hash) };
            place /= 2;
        }
        let holds = |range: std::ops::Range<usize>, root: &Hash| self.header.get(range) == Some(root.as_slice());
        let is_held = holds(MERKLE_ROOT, &joined(&self.regular_root, &hash)) || holds(STAKE_ROOT, &hash);
        if place == 0 && self.path.len() <= DEEPEST && is_held { Ok(header) } else { Err(InclusionError::OtherRoot) }
    }
}

/// What stands for a transaction in the tree: its hash, signatures included.
fn leaf_of(transaction: &Transaction) -> Hash {
    joined(transaction.hash().as_bytes(), &transaction.witness_hash())
}

/// What stands for each of the next transactions of a block.
fn leaves(reader: &mut Reader<'_>) -> Result<Vec<Hash>, DecodeError> {
    // A transaction without inputs and outputs has 15 bytes.
    let count = reader.count(15, "the count of transactions")?;
    (0..count).map(|_| Transaction::read(reader).map(|transaction| leaf_of(&transaction))).collect()
}

fn joined(left: &Hash, right: &Hash) -> Hash {
    sha256(&[left.as_slice(), right].concat())
}

/// The next row of a tree: an odd one out is joined with itself.
fn above(row: &[Hash]) -> Vec<Hash> {
    row.chunks(2).map(|pair| joined(&pair[0], pair.last().unwrap_or(&pair[0]))).collect()
}

/// The root of a tree of transactions, as a header covers it; zeros where there are none.
pub fn merkle_root<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> [u8; 32] {
    root(transactions.into_iter().map(leaf_of).collect())
}

/// The root of a tree; zeros where there are no transactions.
fn root(mut row: Vec<Hash>) -> Hash {
    while row.len() > 1 {
        row = above(&row);
    }
    row.first().copied().unwrap_or_default()
}

fn path(mut row: Vec<Hash>, mut place: usize) -> Vec<Hash> {
    let mut path = Vec::new();
    while row.len() > 1 {
        path.extend(row.get(place ^ 1).or_else(|| row.get(place)).copied());
        row = above(&row);
        place /= 2;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Amount, OutPoint, TxHash, TxInput, TxOutput, put_var_int};

    fn transaction(number: u8) -> Transaction {
        let input = TxInput {
            previous: OutPoint { hash: TxHash::from_bytes([number; 32]), index: 0, tree: 1 },
            sequence: u32::MAX,
            value_in: Amount::ZERO,
            block_height: 0,
            block_index: 0,
            signature_script: vec![number; 3],
        };
        let output = TxOutput { value: Amount::from_atoms(9), script_version: 0, script: vec![number; 25] };
        Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 }
    }

    /// A block with so many regular transactions and so many of the stake tree, whose header has the root of both.
    fn block(regular: u8, stake: u8) -> Vec<u8> {
        let [regular, stake] =
            [0..regular, 100..100 + stake].map(|numbers| numbers.map(transaction).collect::<Vec<_>>());
        let mut block = vec![7; BlockHeader::LENGTH];
        block[MERKLE_ROOT].copy_from_slice(&joined(&merkle_root(&regular), &merkle_root(&stake)));
        for tree in [&regular, &stake] {
            put_var_int(&mut block, tree.len() as u64);
            tree.iter().for_each(|transaction| block.extend(transaction.encode()));
        }
        block
    }

    #[test]
    fn every_stake_transaction_of_a_block_is_shown_to_be_in_it() {
        for stake in 1..=9 {
            let block = block(3, stake);
            for number in 0..stake {
                let held = transaction(100 + number);
                let shown = Inclusion::of(&block, &held).unwrap().unwrap();
                assert_eq!(shown.check(&held).unwrap().hash, BlockHeader::decode(&block[..280]).unwrap().hash);
                assert_eq!(shown.check(&transaction(50)), Err(InclusionError::OtherRoot), "{stake} {number}");
                let signed_otherwise = {
                    let mut other = held.clone();
                    other.inputs[0].signature_script.push(0);
                    other
                };
                assert_eq!(shown.check(&signed_otherwise), Err(InclusionError::OtherRoot));
                for shown in [
                    Inclusion { place: shown.place + 16, ..shown.clone() },
                    Inclusion { regular_root: [0; 32], ..shown.clone() },
                    Inclusion { path: vec![[1; 32]; 40], ..shown.clone() },
                ] {
                    assert_eq!(shown.check(&held), Err(InclusionError::OtherRoot));
                }
            }
            assert_eq!(Inclusion::of(&block, &transaction(50)), Ok(None));
        }
        assert!(Inclusion::of(&block(1, 1)[..300], &transaction(100)).is_err());
    }

    #[test]
    fn blocks_of_real_nodes_of_both_generations_hold_their_stake_transactions() {
        let mut shown = 0;
        for line in include_str!("../../tests/vectors/blocks.jsonl").lines() {
            let block: serde_json::Value = serde_json::from_str(line).unwrap();
            let bytes = hex::decode(block["block"].as_str().unwrap()).unwrap();
            let mut reader = Reader::new(&bytes[BlockHeader::LENGTH..]);
            let regular = reader.count(15, "regular").unwrap();
            (0..regular).for_each(|_| drop(Transaction::read(&mut reader).unwrap()));
            for _ in 0..reader.count(15, "stake").unwrap() {
                let held = Transaction::read(&mut reader).unwrap();
                let header = Inclusion::of(&bytes, &held).unwrap().unwrap().check(&held).unwrap();
                assert_eq!(header.hash.to_string(), block["hash"].as_str().unwrap());
                shown += 1;
            }
        }
        assert_eq!(shown, 25);
    }
}
