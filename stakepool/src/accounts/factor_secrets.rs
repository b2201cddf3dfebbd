//! Secrets of second factors lie encrypted: who reads the database, or a backup of it, makes no codes.

use std::time::Duration;

use stakepool_core::ports::StoreError;
use tokio::time::sleep;

use crate::pool::Pool;

/// How soon it is tried again to encrypt secrets of earlier versions, where the database failed.
const AGAIN: Duration = Duration::from_secs(60);
/// How often clear secrets are looked for.
const LOOK: Duration = Duration::from_secs(3600);

/// Encrypts what earlier versions stored clear, and anew what was encrypted under the secret before, and says which secrets
/// cannot be read. It looks again now and then: an instance of an earlier version may run beside this one, and a database
/// may be restored.
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
        match stored.clear().or_else(|| pool.factor_key.of_before(user, &stored)) {
            Some(secret) => {
                let new = pool.factor_key.seal(user, &secret)?;
                sealed += u64::from(store.change_secret(user, &stored, &new).await?);
            }
            None if pool.factor_key.open(user, &stored).is_err() => unreadable.push(user.to_string()),
            None => {}
        }
    }
    if sealed > 0 {
        tracing::info!(
            sealed,
            "secrets of second factors that lay clear, or under the apisecret before, are encrypted under the present one now"
        );
    }
    if !unreadable.is_empty() {
        let users = unreadable.join(", ");
        tracing::error!(users, "second factors are encrypted under another apisecret: their users cannot sign in");
    }
    Ok(())
}
