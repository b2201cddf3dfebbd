//! A text that must not show in logs.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroize;

/// A secret text: it prints as `Secret(…)`, is given out by [`Secret::expose`] alone, and is overwritten in memory when
/// it is dropped.
///
/// ```
/// use stakepool_core::secret::Secret;
///
/// let secret = Secret::new("a long random text");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "a long random text");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(String);

impl Secret {
    /// Fewest characters of a secret that signs keys and cookies: with fewer, who has one of them guesses the secret at home.
    pub const SIGNING_CHARACTERS: usize = 32;

    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}
