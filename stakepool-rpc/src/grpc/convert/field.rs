//! Fields of messages, and what is wrong with one.

use std::fmt;

use stakepool_core::chain::{Address, AddressKind, Network, ScriptAddress, VoteBits};
use stakepool_core::sanitize::one_line;
use tonic::Status;

use crate::grpc::wire::LONGEST_WORDS;

/// A field of a message that cannot be what it is.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldError {
    pub(super) field: String,
    pub(super) problem: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        // The problem often repeats the value, which may be of any length.
        Self { field: field.into(), problem: one_line(&problem.to_string(), LONGEST_WORDS) }
    }

    /// The same, with the field named from further outside.
    pub(super) fn within(self, outer: impl fmt::Display) -> Self {
        Self { field: format!("{outer}.{}", self.field), problem: self.problem }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl From<FieldError> for Status {
    fn from(error: FieldError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

pub(super) fn hash_bytes(field: &str, bytes: &[u8]) -> Result<[u8; 32], FieldError> {
    bytes.try_into().map_err(|_| FieldError::new(field, format!("a hash has 32 bytes, not {}", bytes.len())))
}

/// A script address, of a given network or of any.
pub(super) fn script_address(field: &str, text: &str, network: Option<Network>) -> Result<ScriptAddress, FieldError> {
    if text.is_empty() {
        return Err(FieldError::new(field, "a multisig address is missing"));
    }
    match network {
        Some(network) => ScriptAddress::parse_for(text, network),
        None => text.parse(),
    }
    .map_err(|error| FieldError::new(field, error))
}

/// An address that votes with a ticket: a multisig address, or that of a key.
pub(super) fn voting_address(field: &str, text: &str) -> Result<Address, FieldError> {
    let address: Address = text.parse().map_err(|error| FieldError::new(field, error))?;
    match address.kind() {
        AddressKind::ScriptHash(_) | AddressKind::PubKeyHash(_) => Ok(address),
        AddressKind::PubKey(_) => Err(FieldError::new(field, format!("{text} is the address of a public key"))),
    }
}

pub(super) fn vote_bits(field: &str, bits: impl TryInto<u16> + fmt::Display + Copy) -> Result<VoteBits, FieldError> {
    bits.try_into().map(VoteBits).map_err(|_| FieldError::new(field, format!("{bits} is not from 0 to 65535")))
}
