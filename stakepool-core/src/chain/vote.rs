//! Votes: the bits that say what is voted for, and the transaction that casts them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::hash::{BlockHash, TicketHash};
use super::transaction::Transaction;
use super::{BlockHeight, DecodeError};

/// The 16 vote bits: bit 0 says that the previous block is valid, the others are choices in agendas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VoteBits(pub u16);

impl VoteBits {
    /// Approves the previous block and abstains from every agenda.
    pub const APPROVE: Self = Self(1);

    /// Whether the first bit is set, which approves the previous block.
    pub const fn approves(self) -> bool {
        self.0 & Self::APPROVE.0 != 0
    }
}

impl fmt::Display for VoteBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version of the set of agendas that vote bits choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VoteVersion(pub u32);

impl fmt::Display for VoteVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A vote transaction as a wallet answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteTransaction {
    /// The whole transaction.
    pub transaction: Transaction,
    /// The block voted on.
    pub block: BlockHash,
    /// The height of that block.
    pub height: BlockHeight,
    /// The bits voted.
    pub bits: VoteBits,
    /// The ticket that votes.
    pub ticket: TicketHash,
}

/// Why a transaction is not a vote that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VoteTransactionError {
    /// It cannot be decoded.
    #[error("the vote cannot be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// It is another transaction.
    #[error("the transaction is not a vote")]
    NotAVote,
}

impl VoteTransaction {
    /// Reads a vote.
    ///
    /// # Errors
    /// [`VoteTransactionError`] where the transaction is not a vote.
    pub fn from_transaction(transaction: Transaction) -> Result<Self, VoteTransactionError> {
        let not_a_vote = VoteTransactionError::NotAVote;
        let ([_, stake], [reference, choice, ..]) = (&transaction.inputs[..], &transaction.outputs[..]) else {
            return Err(not_a_vote);
        };
        // Output 0: OP_RETURN, push of 36 bytes: block hash and height. Output 1: OP_RETURN, push: bits, extended bits.
        let ([0x6a, 0x24, block @ ..], [0x6a, _, low, high, ..]) = (&reference.script[..], &choice.script[..]) else {
            return Err(not_a_vote);
        };
        let Ok(block) = <[u8; 36]>::try_from(block) else { return Err(not_a_vote) };
        let (mut hash, mut height) = ([0; 32], [0; 4]);
        hash.copy_from_slice(&block[..32]);
        height.copy_from_slice(&block[32..]);
        Ok(Self {
            block: BlockHash::from_bytes(hash),
            height: BlockHeight(u32::from_le_bytes(height)),
            bits: VoteBits(u16::from_le_bytes([*low, *high])),
            ticket: stake.previous.hash.into(),
            transaction,
        })
    }

    /// Reads a vote from hexadecimal text.
    ///
    /// # Errors
    /// As [`VoteTransaction::from_transaction`].
    pub fn decode_hex(text: &str) -> Result<Self, VoteTransactionError> {
        Self::from_transaction(Transaction::decode_hex(text)?)
    }

    /// The version of the agendas that the bits choose from, which follows them; `None` where it is not said.
    pub fn version(&self) -> Option<VoteVersion> {
        let choice = self.transaction.outputs.get(1)?;
        let version = choice.script.get(4..8)?;
        Some(VoteVersion(u32::from_le_bytes(version.try_into().ok()?)))
    }

    /// Whether the input that spends the ticket carries a signature. For a script address a wallet without the
    /// pool's key answers nothing but the script itself, or an empty script.
    ///
    /// What is looked for: a push in the script of the second input that is a DER signature with its hash type, 9 to 73
    /// bytes that begin with `0x30` and a length of three less. Whether it is valid, the node finds out. Signatures of
    /// another kind are not recognised.
    pub fn is_signed(&self) -> bool {
        // A DER signature with its hash type takes 70 to 73 bytes; the multisig's dummy and the push come before it.
        // Any push of 9 to 73 bytes that begins like a DER sequence is one; the redeem script (71 bytes) begins with OP_1.
        let Some(input) = self.transaction.inputs.get(1) else { return false };
        let mut rest = &input.signature_script[..];
        while let Some((&length, tail)) = rest.split_first() {
            let length = usize::from(length);
            if length == 0 || length > 75 {
                rest = tail;
                continue;
            }
            let Some((pushed, after)) = tail.split_at_checked(length) else { return false };
            if length >= 9 && pushed[0] == 0x30 && usize::from(pushed[1]) + 3 == length {
                return true;
            }
            rest = after;
        }
        false
    }
}
