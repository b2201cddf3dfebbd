//! API keys of users who cannot get at their own, on behalf of the operator.

use stakepool_core::accounts::{Actor, EmailState, InvalidApiKey, User, renewed_validity};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, MailError, StoreError};

use crate::mail::letters::account_changed;
use crate::pool::Pool;

/// Why a user's key was not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserKeyError {
    /// The key cannot be made.
    #[error(transparent)]
    Key(#[from] InvalidApiKey),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key that was renewed for a user.
#[derive(Debug)]
pub struct RenewedKey {
    /// The key.
    pub key: String,
    /// Whether the user was mailed; nothing where the pool sends no mail, or the address is not the user's for certain.
    pub mailed: Option<Result<(), MailError>>,
}

impl Pool {
    /// The API key of a user; `None` where it is revoked. That it was shown is noted.
    ///
    /// # Errors
    /// [`UserKeyError`].
    pub async fn show_api_key_of(&self, by: Actor, user: &User) -> Result<Option<String>, UserKeyError> {
        self.note_key(by, AuditAction::UserApiKeyShow, user).await?;
        Ok(self.api_key(user)?)
    }

    /// Puts a new key in the place of a user's, also where that is revoked, and mails the user. The old one opens nothing from
    /// then on.
    ///
    /// # Errors
    /// [`UserKeyError`]. A mail that is not sent is none: the key is renewed.
    pub async fn renew_api_key_of(&self, by: Actor, user: &User) -> Result<RenewedKey, UserKeyError> {
        let now = self.now();
        let user = self.change_user(user.id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
        self.note_key(by, AuditAction::UserApiKeyRenew, &user).await?;
        let key = self.api_key(&user)?.ok_or(InvalidApiKey)?;
        Ok(RenewedKey { key, mailed: self.mail_of_key(&user).await })
    }

    /// Mails at once, for a program that does not stay.
    async fn mail_of_key(&self, user: &User) -> Option<Result<(), MailError>> {
        if !self.outbox.is_on() || user.email_state == EmailState::Unverified {
            return None;
        }
        let what = "The API key of your account was renewed by the operator of the pool; the old one no longer works.";
        let mail = account_changed(&self.settings.site, user, what);
        let sent = self.outbox.send(Some(user.id), &mail).await;
        if let Err(error) = &sent {
            self.outbox.give_up(Some(user.id), &mail.subject, error).await;
        }
        Some(sent)
    }

    async fn note_key(&self, by: Actor, action: AuditAction, user: &User) -> Result<(), StoreError> {
        let entry = AuditEntry::new(self.now(), by, action, &user.id, user.email.to_string());
        self.parts.audit.append(&entry).await
    }
}
