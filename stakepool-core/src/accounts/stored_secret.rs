//! The secret of a second factor, as a store has it.

use std::fmt;

use super::totp::TotpSecret;

/// The secret of a second factor as it lies in a store, which does not look into it: encrypted by the pool, or clear where an
/// earlier version stored it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret(Vec<u8>);

impl StoredSecret {
    /// What is, or is to be, in a store.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for the store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret where it lies clear.
    pub fn clear(&self) -> Option<TotpSecret> {
        TotpSecret::from_bytes(&self.0)
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredSecret(…)")
    }
}
