//! Secrets of second factors lie encrypted: who reads the database, or a backup of it, makes no codes.

use std::time::Duration;

use stakepool_core::accounts::{StoredSecret, TotpSecret, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::secret::Secret;
use tokio::time::sleep;

use crate::pool::Pool;
use crate::sealed::{SealError, SealingKey};

/// What the key is for: none of another purpose opens what this one sealed.
const PURPOSE: &str = "secrets of second factors";
/// How soon it is tried again to encrypt secrets of earlier versions, where the database failed.
const AGAIN: Duration = Duration::from_secs(60);
/// How often clear secrets are looked for.
const LOOK: Duration = Duration::from_secs(3600);

/// Seals and opens the secrets of second factors.
#[derive(Debug)]
pub(crate) struct FactorKey(SealingKey);

impl FactorKey {
    /// The key that follows from the secret of the API keys, which all instances share and operators keep.
    pub(crate) fn new(api_secret: &Secret) -> Result<Self, SealError> {
        SealingKey::of_secret(api_secret, PURPOSE).map(Self)
    }

    pub(super) fn seal(&self, user: UserId, secret: &TotpSecret) -> Result<StoredSecret, StoreError> {
        let sealed = self.0.seal(secret.as_bytes(), place(user).as_bytes());
        sealed.map(StoredSecret::from_bytes).map_err(|error| StoreError::Backend(error.to_string()))
    }

    /// The secret of a user; also one that an earlier version stored clear.
    pub(super) fn open(&self, user: UserId, stored: &StoredSecret) -> Result<TotpSecret, StoreError> {
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

/// Encrypts what earlier versions stored clear, and says which secrets cannot be read. It looks again now and then: an instance
/// of an earlier version may run beside this one, and a database may be restored.
pub(crate) async fn seal_clear_ones(pool: &Pool) {
    loop {
        let pause = match seal(pool).await {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "the secrets of second factors are not looked at now");
                AGAIN
            }
        };
        sleep(pause).await;
    }
}

async fn seal(pool: &Pool) -> Result<(), StoreError> {
    let store = &pool.parts.second_factors;
    let (mut sealed, mut unreadable) = (0_u64, Vec::new());
    for (user, stored) in store.factor_secrets().await? {
        match stored.clear() {
            Some(secret) => {
                let new = pool.factor_key.seal(user, &secret)?;
                sealed += u64::from(store.change_secret(user, &stored, &new).await?);
            }
            None if pool.factor_key.open(user, &stored).is_err() => unreadable.push(user.to_string()),
            None => {}
        }
    }
    if sealed > 0 {
        tracing::info!(sealed, "secrets of second factors that lay clear in the database are encrypted now");
    }
    if !unreadable.is_empty() {
        let users = unreadable.join(", ");
        tracing::error!(users, "second factors are encrypted under another apisecret: their users cannot sign in");
    }
    Ok(())
}
