//! The key under which the secrets of second factors lie in the database.

use stakepool_core::accounts::{StoredSecret, TotpSecret, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::secret::Secret;

use crate::sealed::{SealError, SealingKey};

/// What the key is for: none of another purpose opens what this one sealed.
const PURPOSE: &str = "secrets of second factors";

/// Seals and opens the secrets of second factors.
#[derive(Debug)]
pub(crate) struct FactorKey(SealingKey);

impl FactorKey {
    /// The key that follows from the secret of the API keys, which all instances share and operators keep.
    pub(crate) fn new(api_secret: &Secret) -> Result<Self, SealError> {
        SealingKey::of_secret(api_secret, PURPOSE).map(Self)
    }

    pub(crate) fn seal(&self, user: UserId, secret: &TotpSecret) -> Result<StoredSecret, StoreError> {
        let sealed = self.0.seal(secret.as_bytes(), place(user).as_bytes());
        sealed.map(StoredSecret::from_bytes).map_err(|error| StoreError::Backend(error.to_string()))
    }

    /// The secret of a user; also one that an earlier version stored clear.
    pub(crate) fn open(&self, user: UserId, stored: &StoredSecret) -> Result<TotpSecret, StoreError> {
        let sealed = || {
            let opened = self.0.open(stored.as_bytes(), place(user).as_bytes()).ok()?;
            TotpSecret::from_bytes(&opened)
        };
        stored.clear().or_else(sealed).ok_or_else(|| StoreError::Corrupt {
            what: place(user),
            reason:
                "it is encrypted under another apisecret: set the apisecret that the pool had, or take the factor away \
                     with `stakepoolctl users password --without-second-factor`; recovery codes work all the same"
                    .to_owned(),
        })
    }
}

/// What is sealed, and of whom: the secret of one user opens for no other.
fn place(user: UserId) -> String {
    format!("second factor of user {user}")
}
