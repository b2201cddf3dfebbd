//! Secrets that a user carries: session cookies and the links in mails.

use std::fmt;

use rand::Rng as _;
use sha2::{Digest, Sha256};

use crate::typed::pasted;

/// A source of bytes that nobody can guess. Tests put a fixed one in its place.
pub trait SecureRandom: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Randomness seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::rng().fill_bytes(buffer);
    }
}

/// A random secret of 32 bytes. The user gets it as 64 hexadecimal digits, a store only ever its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretToken([u8; 32]);

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has 64 hexadecimal digits; copy the whole link again")]
pub struct TokenError;

impl SecretToken {
    /// A new token.
    pub fn random(source: &dyn SecureRandom) -> Self {
        let mut bytes = [0; 32];
        source.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads a token as a user brings it back: what is not seen, and quotes and blanks around it, do not count.
    ///
    /// # Errors
    /// [`TokenError`] for anything but 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(pasted(text), &mut bytes).map_err(|_| TokenError)?;
        Ok(Self(bytes))
    }

    /// What the user gets. Not `Display`, so that no log line prints a token by accident.
    pub fn reveal(&self) -> String {
        hex::encode(self.0)
    }

    /// SHA-256 of the token: what a store keeps and looks up. A slow hash is not needed for 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Fixed(u8);

    impl SecureRandom for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    proptest! {
        #[test]
        fn a_revealed_token_parses_back(byte: u8) {
            let token = SecretToken::random(&Fixed(byte));
            prop_assert_eq!(SecretToken::parse(&token.reveal()), Ok(token));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = SecretToken::parse(&text);
        }
    }

    #[test]
    fn what_a_mail_program_puts_around_a_token_does_not_count() {
        let token = SecretToken::random(&Fixed(0xab));
        for typed in [format!("{}>", token.reveal()), format!("\u{200b}{}\r\n", token.reveal().to_uppercase())] {
            assert_eq!(SecretToken::parse(&typed), Ok(token), "{typed:?}");
        }
    }

    #[test]
    fn only_the_hash_is_stored_and_debug_shows_nothing() {
        let token = SecretToken::random(&Fixed(7));
        assert_ne!(token.hash(), [7; 32]);
        assert_eq!(token.hash(), <[u8; 32]>::from(Sha256::digest([7; 32])));
        assert_eq!(format!("{token:?}"), "SecretToken(…)");
    }

    #[test]
    fn two_tokens_of_the_system_differ() {
        assert_ne!(SecretToken::random(&SystemRandom), SecretToken::random(&SystemRandom));
    }
}
