//! Random codes that people read and type: 80 bits, too many to be guessed even by whoever has the hash.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::tokens::SecureRandom;
use crate::typed::code;

/// Letters and digits that stand together.
const GROUP: usize = 4;
/// Bytes of a code.
const BYTES: usize = 10;

/// A code.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ReadableCode([u8; BYTES]);

impl ReadableCode {
    /// A new code.
    pub(super) fn random(source: &dyn SecureRandom) -> Self {
        let mut bytes = [0; BYTES];
        source.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads a code as it is typed: capitals, width, spaces and dashes do not matter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text: String = code(text).chars().filter(|c| c.is_ascii_alphanumeric()).take(64).collect();
        BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// As it is given to people.
    pub(super) fn reveal(&self) -> String {
        let text = BASE32_NOPAD.encode(&self.0).to_lowercase();
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// What a store keeps.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}
