//! API keys, with which wallets call.

use std::sync::Arc;

use stakepool_core::accounts::{InvalidApiKey, User, renewed_validity, revoked_validity};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::StoreError;

use crate::accounts::change::Changed;
use crate::limits::origin::Origin;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// Why a key opens no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// The key is wrong or revoked, or its user is gone or disabled. One answer for all, so that nothing is learnt from it.
    #[error("invalid API key")]
    Invalid,
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewKeyError {
    /// Too many changes of the key and with it.
    #[error("too many changes of the API key and with it; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// The API key of a user; `None` where it is revoked.
    ///
    /// # Errors
    /// [`InvalidApiKey`].
    pub fn api_key(&self, user: &User) -> Result<Option<String>, InvalidApiKey> {
        (!user.has_no_api_key()).then(|| self.api_keys.current_key(user)).transpose()
    }

    /// The user of an API key, at most a second old.
    ///
    /// # Errors
    /// [`ApiKeyError`].
    pub async fn user_of_api_key(&self, key: &str) -> Result<Arc<User>, ApiKeyError> {
        let claims = self.api_keys.verify(key).map_err(|_| ApiKeyError::Invalid)?;
        let user = self.user(claims.user).await?;
        user.filter(|user| claims.is_accepted_for(user, self.now()) && !user.disabled).ok_or(ApiKeyError::Invalid)
    }

    /// Puts a new key in the place of the old one. The user as it is now.
    ///
    /// # Errors
    /// [`RenewKeyError`].
    pub async fn renew_api_key(&self, user: &User, origin: &Origin) -> Result<User, RenewKeyError> {
        self.limiter.api_write(user.id).map_err(RenewKeyError::Wait)?;
        let now = self.now();
        let user = self.change_user(user.id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
        self.note(user.id, AuditAction::AccountApiKeyRenew, format!("from {}", origin.client)).await;
        tracing::info!(user = %user.id, client = %origin.client, "API key renewed");
        Ok(user)
    }

    /// Revokes the key without a new one. No limit stands before this, not even where somebody else calls with the key as
    /// often as they may: a key can be revoked once, and making another is limited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_api_key(&self, user: &User, origin: &Origin) -> Result<(), StoreError> {
        let revoke = |user: &mut User| {
            user.api_keys_valid_from = revoked_validity(user);
            Ok(())
        };
        let Changed { before, after } = self.try_change_user(user.id, revoke).await?;
        if before != after {
            self.note(user.id, AuditAction::AccountApiKeyRevoke, format!("from {}", origin.client)).await;
            tracing::info!(user = %user.id, client = %origin.client, "API key revoked");
        }
        Ok(())
    }
}
