//! API keys, with which wallets call.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{InvalidApiKey, User, UserId, renewed_validity, revoked_validity};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::sha256;
use stakepool_core::ports::StoreError;

use crate::accounts::change::Changed;
use crate::accounts::confirm::{Confirmation, Denied};
use crate::limits::origin::{ClientAddress, Origin};
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

/// How long the network is remembered from which a key was used.
const NETWORK_REMEMBERED: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why a key is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowKeyError {
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The key cannot be made.
    #[error(transparent)]
    Key(#[from] InvalidApiKey),
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewKeyError {
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Too many changes of the key and with it.
    #[error("too many changes of the API key and with it; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// The API key of a user; `None` where it is revoked. A page asks for the password first: see [`Pool::show_api_key`].
    ///
    /// # Errors
    /// [`InvalidApiKey`].
    pub fn api_key(&self, user: &User) -> Result<Option<String>, InvalidApiKey> {
        (!user.has_no_api_key()).then(|| self.api_keys.current_key(user)).transpose()
    }

    /// The API key of a signed-in user who gives the password once more; `None` where it is revoked. The key lasts: a browser
    /// that was left open for a minute must not hand it out.
    ///
    /// # Errors
    /// [`ShowKeyError`].
    pub async fn show_api_key(
        &self,
        user: &User,
        password: &str,
        origin: &Origin,
    ) -> Result<Option<String>, ShowKeyError> {
        self.confirm_password(user, password, origin.client).await?;
        self.note(user.id, AuditAction::AccountApiKeyShow, format!("from {}", origin.client)).await;
        Ok(self.api_key(user)?)
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

    /// As [`Pool::user_of_api_key`], of a wallet that calls from somewhere. Where the key was used from another network
    /// before, and never from this one, its user is mailed.
    ///
    /// # Errors
    /// [`ApiKeyError`].
    pub async fn user_of_api_key_from(
        self: &Arc<Self>,
        key: &str,
        client: ClientAddress,
    ) -> Result<Arc<User>, ApiKeyError> {
        let user = self.user_of_api_key(key).await?;
        if self.sends_mail() && self.key_networks.is_new(user.id, client) {
            let (pool, user) = (Arc::clone(self), Arc::clone(&user));
            tokio::spawn(async move {
                if let Err(error) = pool.tell_of_network(&user, client).await {
                    tracing::warn!(user = %user.id, %error, "the network of a wallet was not noted");
                }
            });
        }
        Ok(user)
    }

    /// Notes that a key was used from a network, and mails its user where that is news. The first network of a user is none:
    /// somebody has just put the key into a wallet.
    async fn tell_of_network(&self, user: &User, client: ClientAddress) -> Result<(), StoreError> {
        let (now, access) = (self.now(), &self.parts.access);
        let network = format!("API key of user {} from {}", user.id, client.neighbourhood());
        let any = format!("API key of user {}", user.id);
        let until = now.plus(NETWORK_REMEMBERED);
        // Longer than any account lasts: the first network is the first but once.
        let is_first = access.first_use(&sha256(any.as_bytes()), now, now.plus(100 * NETWORK_REMEMBERED)).await?;
        let is_new = access.first_use(&sha256(network.as_bytes()), now, until).await?;
        if !is_new || is_first {
            return Ok(());
        }
        self.note(user.id, AuditAction::AccountApiKeyNetwork, format!("from {client}")).await;
        if self.limiter.mail_of_network(user.id).is_ok() {
            let settings = self.settings.site.url(&self.settings.site.paths.settings);
            let what = format!(
                "A wallet used the API key of your account from a network from which it was not used before:\n{client}.\n\n\
                 If it is not yours, renew or revoke the key: {settings}"
            );
            self.mail_change(user, &what);
        }
        Ok(())
    }

    /// Puts a new key in the place of the old one, for a signed-in user who gives the password and the second factor once more.
    /// The user as it is now.
    ///
    /// # Errors
    /// [`RenewKeyError`].
    pub async fn renew_api_key(
        &self,
        user: &User,
        confirmation: impl Into<Confirmation<'_>>,
        origin: &Origin,
    ) -> Result<User, RenewKeyError> {
        let confirmation = confirmation.into();
        self.confirm_password(user, confirmation.password, origin.client).await?;
        self.limiter.api_write(user.id).map_err(RenewKeyError::Wait)?;
        self.confirm_code(user, confirmation.code, origin.client).await?;
        let now = self.now();
        let user = self.change_user(user.id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
        self.note(user.id, AuditAction::AccountApiKeyRenew, format!("from {}", origin.client)).await;
        self.mail_change(
            &user,
            "The API key of your account was renewed in the settings; the old one no longer works.",
        );
        tracing::info!(user = %user.id, client = %origin.client, "API key renewed");
        Ok(user)
    }

    /// Revokes the key without a new one, for a signed-in user who gives the password once more. No other limit stands before
    /// this, not even where somebody else calls with the key as often as they may: a key can be revoked once, and making
    /// another is limited.
    ///
    /// # Errors
    /// [`RevokeKeyError`].
    pub async fn revoke_api_key(&self, user: &User, password: &str, origin: &Origin) -> Result<(), RevokeKeyError> {
        self.confirm_password(user, password, origin.client).await?;
        if self.revoke_key(user.id, origin).await? {
            self.mail_change(user, "The API key of your account was revoked in the settings; no wallet can use it.");
        }
        Ok(())
    }

    /// Revokes a user's key. Whether there was one.
    async fn revoke_key(&self, user: UserId, origin: &Origin) -> Result<bool, StoreError> {
        let revoke = |user: &mut User| {
            user.api_keys_valid_from = revoked_validity(user);
            Ok(())
        };
        let Changed { before, after } = self.try_change_user(user, revoke).await?;
        if before != after {
            self.note(user, AuditAction::AccountApiKeyRevoke, format!("from {}", origin.client)).await;
            tracing::info!(%user, client = %origin.client, "API key revoked");
        }
        Ok(before != after)
    }
}
