//! The key under which the secrets of second factors lie in the database.

use stakepool_core::accounts::{StoredSecret, TotpSecret, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::secret::Secret;

use crate::sealed::{SealError, SealingKey};

/// What the key is for: none of another purpose opens what this one sealed.
const PURPOSE: &str = "secrets of second factors";

/// Seals and opens the secrets of second factors.
#[derive(Debug)]
pub(crate) struct FactorKey {
    key: SealingKey,
    /// Opens what was sealed before the secret was changed.
    before: Option<SealingKey>,
}

impl FactorKey {
    /// The key that follows from the secret of the API keys, which all instances share and operators keep, and that of the
    /// secret before, if there was one.
    pub(crate) fn new(api_secret: &Secret, before: Option<&Secret>) -> Result<Self, SealError> {
        let of = |secret| SealingKey::of_secret(secret, PURPOSE);
        Ok(Self { key: of(api_secret)?, before: before.map(of).transpose()? })
    }

    pub(crate) fn seal(&self, user: UserId, secret: &TotpSecret) -> Result<StoredSecret, StoreError> {
        let sealed = self.key.seal(secret.as_bytes(), place(user).as_bytes());
        sealed.map(StoredSecret::from_bytes).map_err(|error| StoreError::Backend(error.to_string()))
    }

    /// The secret of a user that is sealed under the secret before.
    pub(crate) fn of_before(&self, user: UserId, stored: &StoredSecret) -> Option<TotpSecret> {
        opened(self.before.as_ref()?, user, stored)
    }

    /// The secret of a user; also one that an earlier version stored clear.
    pub(crate) fn open(&self, user: UserId, stored: &StoredSecret) -> Result<TotpSecret, StoreError> {
        let sealed = || opened(&self.key, user, stored);
        let opened = stored.clear().or_else(sealed).or_else(|| self.of_before(user, stored));
        opened.ok_or_else(|| StoreError::Corrupt {
            what: place(user),
            reason: "it is encrypted under another apisecret: set the apisecret that the pool had, or that as oldapisecret, \
                     or take the factor away with `stakepoolctl users password --without-second-factor`; recovery codes \
                     work all the same"
                .to_owned(),
        })
    }
}

/// The secret of a user that a key has sealed; `None` where it was another.
fn opened(key: &SealingKey, user: UserId, stored: &StoredSecret) -> Option<TotpSecret> {
    TotpSecret::from_bytes(&key.open(stored.as_bytes(), place(user).as_bytes()).ok()?)
}

/// What is sealed, and of whom: the secret of one user opens for no other.
fn place(user: UserId) -> String {
    format!("second factor of user {user}")
}
