//! What the operator does for a user who cannot get into an account: a new password, and a second factor taken away.

use crate::accounts::revoke_all_access;
use stakepool_core::accounts::{Actor, PasswordHashes, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{
    AccessStore, AuditEntry, AuditStore, SecondFactorStore, SessionStore, StoreError, UserStore,
};
use stakepool_core::time::UnixTime;

/// The stores that decide who gets into an account, on behalf of somebody who acts at a moment. Every act is noted in
/// the audit log.
#[derive(Clone, Copy)]
pub struct AccountRescue<'a> {
    /// The users.
    pub users: &'a dyn UserStore,
    /// Their sessions.
    pub sessions: &'a dyn SessionStore,
    /// Links in mails.
    pub access: &'a dyn AccessStore,
    /// Their second factors.
    pub factors: &'a dyn SecondFactorStore,
    /// Where acts are noted.
    pub audit: &'a dyn AuditStore,
    /// Who acts.
    pub by: Actor,
    /// Now.
    pub now: UnixTime,
}

impl AccountRescue<'_> {
    /// Gives a user a new password: ends all sessions, and makes the links in mails worthless. What a password must be
    /// like is the caller's to check.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the password was changed since the user was read; or another [`StoreError`].
    pub async fn set_password(&self, user: &User, new: PasswordHashes) -> Result<(), StoreError> {
        self.users.update(user, &User { password: new, ..user.clone() }).await?;
        revoke_all_access(self.sessions, self.access, user.id).await?;
        self.note(AuditAction::UserPassword, user).await
    }

    /// Takes a user's second factor away, with its recovery codes; also one that was begun and not confirmed. False
    /// where there was none that counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_second_factor(&self, user: &User) -> Result<bool, StoreError> {
        let was_on = self.factors.second_factor(user.id).await?.is_some_and(|factor| factor.confirmed);
        self.factors.remove_factor(user.id).await?;
        if was_on {
            self.note(AuditAction::UserFactorOff, user).await?;
        }
        Ok(was_on)
    }

    async fn note(&self, action: AuditAction, user: &User) -> Result<(), StoreError> {
        self.audit.append(&AuditEntry::new(self.now, self.by, action, &user.id, user.email.to_string())).await
    }
}
