//! Base58 with a checksum of the first four bytes of double SHA-256.

use super::hash::sha256;

/// Why a text is no checked base58.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base58Error {
    /// A character outside the alphabet, or nothing at all.
    Alphabet,
    /// The last four bytes do not fit the rest.
    Checksum,
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&sha256(payload));
    [a, b, c, d]
}

pub(super) fn encode(payload: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(payload.len() + 4);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&checksum(payload));
    bs58::encode(bytes).into_string()
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, Base58Error> {
    // Base58 takes quadratic time; nothing that we read is longer than an extended key's 111 characters.
    if text.len() > 128 {
        return Err(Base58Error::Alphabet);
    }
    let mut bytes = bs58::decode(text).into_vec().map_err(|_| Base58Error::Alphabet)?;
    let Some(length) = bytes.len().checked_sub(4) else { return Err(Base58Error::Checksum) };
    let found = bytes.split_off(length);
    if checksum(&bytes) == found[..] { Ok(bytes) } else { Err(Base58Error::Checksum) }
}
