//! Transactions: decoding, encoding and their hash.

use super::Amount;
use super::hash::{TxHash, sha256};
use super::wire::{DecodeError, Reader, put_var_bytes, put_var_int};

/// An output of an earlier transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutPoint {
    /// The earlier transaction.
    pub hash: TxHash,
    /// Which of its outputs.
    pub index: u32,
    /// 0 for the regular tree, 1 for the stake tree.
    pub tree: i8,
}

/// An input with its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxInput {
    /// What is spent.
    pub previous: OutPoint,
    /// The sequence number.
    pub sequence: u32,
    /// The amount that the spent output holds, as the signer says.
    pub value_in: Amount,
    /// Height of the block with the spent output, as the signer says.
    pub block_height: u32,
    /// Index of the transaction with the spent output in its block, as the signer says.
    pub block_index: u32,
    /// The script that unlocks the output; empty where the input is not signed.
    pub signature_script: Vec<u8>,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutput {
    /// How much it holds.
    pub value: Amount,
    /// Version of the script language.
    pub script_version: u16,
    /// The script that locks it.
    pub script: Vec<u8>,
}

/// A transaction in full serialization (prefix and witnesses).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The version, without the serialization type.
    pub version: u16,
    /// The inputs.
    pub inputs: Vec<TxInput>,
    /// The outputs.
    pub outputs: Vec<TxOutput>,
    /// Earliest block or time.
    pub lock_time: u32,
    /// Height after which it can no longer be mined; 0 for never.
    pub expiry: u32,
}

/// Serialization type of prefix and witnesses together, in the high 16 bits of the version.
const FULL: u32 = 0;
/// Serialization type of the prefix alone, whose hash names the transaction.
const PREFIX_ONLY: u32 = 1 << 16;
/// Serialization type of the witnesses alone.
const WITNESS_ONLY: u32 = 2 << 16;

impl Transaction {
    /// Decodes one transaction and nothing else.
    ///
    /// # Errors
    /// [`DecodeError`] says at which field the bytes are not a fully serialized transaction.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let transaction = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(transaction)
    }

    /// Decodes hexadecimal text.
    ///
    /// # Errors
    /// As [`Transaction::decode`].
    pub fn decode_hex(text: &str) -> Result<Self, DecodeError> {
        let bytes = hex::decode(text).map_err(|error| DecodeError::Hex(error.to_string()))?;
        Self::decode(&bytes)
    }

    /// Decodes the next transaction, leaving the reader behind it (as in a block).
    ///
    /// # Errors
    /// As [`Transaction::decode`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = reader.u32("the version")?;
        if version & 0xffff_0000 != FULL {
            return Err(DecodeError::Invalid("the transaction is not fully serialized (prefix and witnesses)"));
        }
        let count = reader.count(41, "the count of inputs")?;
        let mut inputs = (0..count).map(|_| read_input_prefix(reader)).collect::<Result<Vec<_>, _>>()?;
        let count = reader.count(11, "the count of outputs")?;
        let outputs = (0..count).map(|_| read_output(reader)).collect::<Result<_, _>>()?;
        let lock_time = reader.u32("the lock time")?;
        let expiry = reader.u32("the expiry")?;
        if reader.count(17, "the count of witnesses")? != inputs.len() {
            return Err(DecodeError::Invalid("there are not as many witnesses as inputs"));
        }
        for input in &mut inputs {
            read_witness(reader, input)?;
        }
        Ok(Self { version: (version & 0xffff) as u16, inputs, outputs, lock_time, expiry })
    }

    /// The full serialization.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.encode_prefix(FULL);
        self.put_witnesses(&mut out);
        out
    }

    /// The hash of the signatures and what goes with them. With the transaction's hash it stands for the transaction in a block.
    pub fn witness_hash(&self) -> [u8; 32] {
        let mut out = (u32::from(self.version) | WITNESS_ONLY).to_le_bytes().to_vec();
        self.put_witnesses(&mut out);
        sha256(&out)
    }

    fn put_witnesses(&self, out: &mut Vec<u8>) {
        put_var_int(out, self.inputs.len() as u64);
        for input in &self.inputs {
            out.extend_from_slice(&input.value_in.atoms().to_le_bytes());
            out.extend_from_slice(&input.block_height.to_le_bytes());
            out.extend_from_slice(&input.block_index.to_le_bytes());
            put_var_bytes(out, &input.signature_script);
        }
    }

    /// The hash that names the transaction: SHA-256 of its prefix. Signatures do not change it.
    pub fn hash(&self) -> TxHash {
        TxHash::from_bytes(sha256(&self.encode_prefix(PREFIX_ONLY)))
    }

    fn encode_prefix(&self, serialization: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(&(u32::from(self.version) | serialization).to_le_bytes());
        put_var_int(&mut out, self.inputs.len() as u64);
        for input in &self.inputs {
            out.extend_from_slice(input.previous.hash.as_bytes());
            out.extend_from_slice(&input.previous.index.to_le_bytes());
            out.extend_from_slice(&input.previous.tree.to_le_bytes());
            out.extend_from_slice(&input.sequence.to_le_bytes());
        }
        put_var_int(&mut out, self.outputs.len() as u64);
        for output in &self.outputs {
            out.extend_from_slice(&output.value.atoms().to_le_bytes());
            out.extend_from_slice(&output.script_version.to_le_bytes());
            put_var_bytes(&mut out, &output.script);
        }
        out.extend_from_slice(&self.lock_time.to_le_bytes());
        out.extend_from_slice(&self.expiry.to_le_bytes());
        out
    }
}

fn read_input_prefix(reader: &mut Reader<'_>) -> Result<TxInput, DecodeError> {
    let previous = OutPoint {
        hash: TxHash::from_bytes(reader.array("an input's hash")?),
        index: reader.u32("an input's index")?,
        tree: i8::from_le_bytes(reader.array("an input's tree")?),
    };
    Ok(TxInput {
        previous,
        sequence: reader.u32("an input's sequence")?,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    })
}

fn read_output(reader: &mut Reader<'_>) -> Result<TxOutput, DecodeError> {
    Ok(TxOutput {
        value: Amount::from_atoms(reader.i64("an output's value")?),
        script_version: reader.u16("an output's script version")?,
        script: reader.var_bytes("an output's script")?.to_vec(),
    })
}

fn read_witness(reader: &mut Reader<'_>, input: &mut TxInput) -> Result<(), DecodeError> {
    input.value_in = Amount::from_atoms(reader.i64("a witness's value")?);
    input.block_height = reader.u32("a witness's block height")?;
    input.block_index = reader.u32("a witness's block index")?;
    input.signature_script = reader.var_bytes("a witness's signature script")?.to_vec();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn any_input()(hash: [u8; 32], index: u32, tree: i8, sequence: u32, value: i64, block_height: u32,
                       block_index: u32, signature_script in prop::collection::vec(any::<u8>(), 0..300)) -> TxInput {
            TxInput {
                previous: OutPoint { hash: TxHash::from_bytes(hash), index, tree },
                sequence, value_in: Amount::from_atoms(value), block_height, block_index, signature_script,
            }
        }
    }

    prop_compose! {
        fn any_output()(value: i64, script_version: u16, script in prop::collection::vec(any::<u8>(), 0..300)) -> TxOutput {
            TxOutput { value: Amount::from_atoms(value), script_version, script }
        }
    }

    prop_compose! {
        fn any_transaction()(version: u16, inputs in prop::collection::vec(any_input(), 0..4),
                             outputs in prop::collection::vec(any_output(), 0..4), lock_time: u32, expiry: u32) -> Transaction {
            Transaction { version, inputs, outputs, lock_time, expiry }
        }
    }

    proptest! {
        #[test]
        fn an_encoded_transaction_decodes_to_itself(transaction in any_transaction()) {
            prop_assert_eq!(Transaction::decode(&transaction.encode()), Ok(transaction));
        }

        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Transaction::decode(&bytes);
        }

        #[test]
        fn a_cut_transaction_is_refused(transaction in any_transaction(), cut in 1usize..50) {
            let bytes = transaction.encode();
            let length = bytes.len().saturating_sub(cut);
            prop_assert!(Transaction::decode(&bytes[..length]).is_err());
        }

        #[test]
        fn signing_does_not_change_the_hash(transaction in any_transaction(), script: Vec<u8>) {
            let mut signed = transaction.clone();
            for input in &mut signed.inputs {
                input.signature_script.clone_from(&script);
            }
            prop_assert_eq!(signed.hash(), transaction.hash());
        }
    }

    #[test]
    fn a_huge_count_does_not_allocate() {
        let bytes = [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(Transaction::decode(&bytes), Err(DecodeError::Truncated("the count of inputs")));
    }
}
