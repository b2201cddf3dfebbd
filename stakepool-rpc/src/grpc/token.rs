//! The secret that the web and its daemons share.

use std::fmt;

#[cfg(feature = "grpc-server")]
use stakepool_core::bearer::bearer_token;
#[cfg(feature = "grpc-server")]
use stakepool_core::chain::sha256;
#[cfg(feature = "grpc-server")]
use subtle::ConstantTimeEq;

/// Fewest characters of a token: 16 random ones of 64 are 96 bits.
const MIN_LENGTH: usize = 16;
/// Most characters, so that a token fits any server's limit for metadata.
const MAX_LENGTH: usize = 512;

/// The configured `rpctoken`. Never printed.
#[derive(Clone)]
pub struct RpcToken(String);

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcTokenError {
    /// Too short or too long.
    #[error("the token has {0} characters: give 16 to 512, such as the output of `openssl rand -hex 32`")]
    Length(usize),
    /// Characters that metadata cannot carry.
    #[error("the token may only have letters, digits and punctuation of ASCII, without spaces")]
    Characters,
}

impl RpcToken {
    /// A token from configuration.
    ///
    /// # Errors
    /// [`RpcTokenError`] says what is wrong, without showing the text.
    pub fn new(text: impl Into<String>) -> Result<Self, RpcTokenError> {
        let text = text.into();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RpcTokenError::Characters);
        }
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&text.len()) {
            return Err(RpcTokenError::Length(text.len()));
        }
        Ok(Self(text))
    }

    /// The value of the metadata `authorization`.
    #[cfg(feature = "grpc-client")]
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether a value of the metadata `authorization` carries this token, in a time that does not depend on where
    /// they differ, or on their lengths.
    #[cfg(feature = "grpc-server")]
    pub(super) fn is_carried_by(&self, header: &[u8]) -> bool {
        let shown = std::str::from_utf8(header).ok().and_then(bearer_token).unwrap_or_default();
        let matches = sha256(shown.as_bytes()).ct_eq(&sha256(self.0.as_bytes()));
        matches.into()
    }
}

impl fmt::Debug for RpcToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RpcToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "grpc-server")]
    #[test]
    fn only_the_same_token_with_its_scheme_matches() {
        let token = RpcToken::new("0123456789abcdef").unwrap();
        for right in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef", "BEARER \t0123456789abcdef "] {
            assert!(token.is_carried_by(right.as_bytes()), "{right:?}");
        }
        for wrong in ["", "0123456789abcdef", "Bearer 0123456789abcdee", "Bearer 0123456789ABCDEF", "Bearer "] {
            assert!(!token.is_carried_by(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn weak_or_unsendable_tokens_are_refused_without_being_shown() {
        assert_eq!(RpcToken::new("short").unwrap_err(), RpcTokenError::Length(5));
        assert_eq!(RpcToken::new("").unwrap_err(), RpcTokenError::Length(0));
        for text in ["with a space in it", "a space at the end ", "line\nbreak-line-break", "ümlaut-ümlaut-ümlaut"] {
            assert_eq!(RpcToken::new(text).unwrap_err(), RpcTokenError::Characters);
        }
    }

    #[test]
    fn a_token_never_prints_itself() {
        assert_eq!(format!("{:?}", RpcToken::new("0123456789abcdef").unwrap()), "RpcToken(…)");
    }
}
